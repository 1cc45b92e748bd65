/**
 * A route that another app of this host has already: the coordinator refuses such deployments, but a host that joins, or
 * whose labels change, may bring two apps together. The one that serves keeps its route; the other fails with the reason
 * and begins again when the route is free. Of two that arrive together the one that has containers comes first, else the
 * one whose name does. Pure.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import { problem, type Problem } from '../../fleet/errors.ts';
import { clashes, routeClaims, type RouteClaim } from '../../fleet/route-claims.ts';
import { type AttemptRecord, sameAttempt } from '../state/app-journal.ts';
import { type AppContext, findContainer, type OtherApp } from './app-context.ts';

/** @returns why the attempt cannot have its routes; null = it can, or it has begun to serve on them */
export function takenRoute(context: AppContext, attempt: AttemptRecord): Problem | null {
  const { app, facts, journal, others } = context;
  if (facts.ingress === null) return null;
  if (Object.values(attempt.candidates).some(({ instance }) => findContainer(context, instance) !== undefined))
    return null;
  const own = claimsOf(journal.committed?.entry ?? null).map(({ place }) => place);
  const wanted = claimsOf(attempt.entry).filter(({ place }) => !own.includes(place));
  if (wanted.length === 0) return null;
  for (const other of others) {
    const held = heldClaims(other, app);
    const claim = wanted.find((each) => clashes(each, held));
    if (claim === undefined) continue;
    return problem(
      'ROUTE_TAKEN',
      `${app} release ${attempt.entry.release}: app ${other.app} has the route ${claim.place} on this host`,
      {
        hint: 'Use another host name or path, set `shared: true` on the route in both apps, or keep one of them off this host.',
      },
    );
  }
  return null;
}

/** It failed for a route that is free now. */
export function mayTryAgain(context: AppContext): boolean {
  const { attempt } = context.journal;
  return (
    attempt?.state === 'failed' && attempt.problem?.code === 'ROUTE_TAKEN' && takenRoute(context, attempt) === null
  );
}

/** What it serves and is to go on serving, and what it is about to serve where it comes first. */
function heldClaims({ app, entry, journal, hasContainers }: OtherApp, than: string): readonly RouteClaim[] {
  const served = claimsOf(journal.committed?.entry ?? null);
  if (entry === null) return served;
  if (entry.kind === 'remove') return [];
  const wanted = claimsOf(entry);
  const { attempt } = journal;
  const hasFailed = attempt?.state === 'failed' && sameAttempt(attempt.entry, entry);
  if (journal.committed === null) return !hasFailed && (hasContainers || app < than) ? wanted : [];
  const places = new Set(served.map(({ place }) => place));
  return wanted.filter(({ place }) => places.has(place));
}

function claimsOf(entry: RunEntry | null): readonly RouteClaim[] {
  return entry === null || entry.onlyOnce === true ? [] : routeClaims(entry.spec, entry.replicas);
}
