/**
 * Which images the agent holds by tags of its own: what runs, the last good release and the one before it, the
 * target, what was downloaded ahead, and the few newest besides, so that going back needs no registry. All others are let
 * go. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import { ALONE_ATTEMPTS } from '../offline/proposal.ts';
import { keysOf, serviceOfKey } from '../state/app-journal.ts';
import { imageKey } from './action.ts';
import type { AppContext } from './app-context.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { pullRequest } from './prerequisites.ts';

/** Releases of a service whose images stay although nothing names them. */
const KEPT_RELEASES = 3;

export function planImages(context: AppContext, builder: PlanBuilder): void {
  const { app, journal, facts } = context;
  if (facts.held === null) return;
  const held = facts.held.filter((each) => each.app === app);
  const { committed, previous, attempt } = journal;
  const target = attempt !== null && attempt.state !== 'failed' ? attempt.entry : null;
  /** Two attempts at one release name the same image. */
  const wanted = new Set<string>();
  for (const entry of [target, committed?.entry ?? null]) {
    if (entry === null) continue;
    for (const service of new Set(keysOf(entry).map(serviceOfKey))) {
      const imageId = imageIdOf(context, entry, service);
      if (imageId === null || held.some((each) => each.service === service && each.imageId === imageId)) continue;
      const name = `${service}:${holdNumber(entry)}`;
      if (wanted.has(name)) continue;
      wanted.add(name);
      builder.want({ kind: 'hold-image', app, service, release: holdNumber(entry), imageId });
    }
  }
  const isFull = Object.values(facts.failures).some((failure) => failure.problem.code === 'NO_SPACE');
  if ((attempt?.state === 'running' && !isFull) || journal.recovered) return;
  const entries = [committed?.entry ?? null, previous, target].filter((entry) => entry !== null);
  const releases = new Set(entries.map(holdNumber));
  if (context.prefetch !== null) releases.add(context.prefetch.release);
  const images = new Set([
    ...context.containers.map((each) => each.imageId),
    ...entries.flatMap((entry) =>
      Object.keys(entry.spec.services).map((service) => imageIdOf(context, entry, service)),
    ),
  ]);
  for (const each of held) {
    const newer = held.filter((other) => other.service === each.service && other.createdAtMs > each.createdAtMs);
    if ((newer.length < KEPT_RELEASES && !isFull) || releases.has(each.release) || images.has(each.imageId)) continue;
    builder.want({ kind: 'release-image', app, held: each });
  }
}

/** What a host alone made of a release has the release's number: its images get another, or the release's would be let go. */
function holdNumber(entry: RunEntry): number {
  return entry.attempt >= ALONE_ATTEMPTS ? entry.attempt : entry.release;
}

/** The engine's id of a pinned image, as far as anything here knows it. */
function imageIdOf(context: AppContext, entry: RunEntry, service: string): string | null {
  const request = pullRequest(entry, service);
  if (request === null) return null;
  const container = context.containers.find((each) => each.service === service && each.digest === request.digest);
  return (
    context.facts.images[imageKey(request)]?.imageId ??
    container?.imageId ??
    context.journal.images[request.digest] ??
    null
  );
}
