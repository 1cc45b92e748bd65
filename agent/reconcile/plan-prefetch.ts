/**
 * Downloads ahead of a deployment that waits for its maintenance window: pulls at this host's share of the spread, and
 * holds what came, so that the swap inside the window needs no registry. Nothing waits for it and nothing fails by
 * it: what could not be had is pulled by the attempt, as if nobody had tried. Pure.
 */
import type { Prefetch } from '../../fleet/assignment.ts';
import { imageKey } from './action.ts';
import type { AppContext } from './app-context.ts';
import { PlanBuilder } from './plan-builder.ts';

/** Names a prefetch over the turns: another release of the app is another download. */
export function prefetchKey({ app, release }: Pick<Prefetch, 'app' | 'release'>): string {
  return `${app}#${release}`;
}

/** A plan of its own, so that neither the app's report nor its attempt is touched by what it waits for. */
export function planPrefetch(context: AppContext): PlanBuilder {
  const builder = new PlanBuilder(context);
  const { app, prefetch, facts, now } = context;
  if (prefetch === null || facts.held === null || context.entry?.kind !== 'run') return builder;
  const beginAtMs = facts.prefetchAtMs[prefetchKey(prefetch)] ?? now.monotonicMs;
  for (const { service, reference, digest, platform } of prefetch.images) {
    const request = { reference, digest, platform };
    const image = facts.images[imageKey(request)];
    if (image === undefined) {
      if (now.monotonicMs < beginAtMs) builder.wakeAt(beginAtMs);
      else builder.want({ kind: 'pull', app, request });
      continue;
    }
    const isHeld = facts.held.some(
      (each) => each.app === app && each.service === service && each.imageId === image.imageId,
    );
    if (!isHeld) builder.want({ kind: 'hold-image', app, service, release: prefetch.release, imageId: image.imageId });
  }
  if (builder.nextRetryAtMs !== null) builder.wakeAt(builder.nextRetryAtMs);
  return builder;
}
