/**
 * Which of the wanted actions begin now, where beginning all at once would choke the engine: sixty containers that start
 * together take longer than each call may. What is not admitted is planned again with the next turn, so nothing queues and
 * no call's time limit runs while it waits. Pure.
 *
 *   - each lane has its own places, so that removals and repairs never wait behind creations
 *   - within a lane a start goes before a creation, and the apps take turns; each may always pull one image, because a
 *     registry that hangs under one app must not use up the time of another
 *   - within an app the plan's order holds, which is that of the dependencies
 */
import type { Action, ActionKind } from './action.ts';

export type Lane = 'pull' | 'place' | 'change' | 'stop';

export type LaneLimits = Readonly<Record<Lane, number>>;

/** Kinds that are not here are cheap or concern the agent itself; they always begin. */
const LANES: Partial<Readonly<Record<ActionKind, Lane>>> = {
  pull: 'pull',
  create: 'place',
  start: 'place',
  'set-names': 'change',
  'set-restart': 'change',
  remove: 'change',
  stop: 'stop',
};

/** A stop is waiting for the most part, a pull is mostly network. */
export function laneLimits(cores: number): LaneLimits {
  return { pull: Math.max(3, cores), place: Math.max(4, 2 * cores), change: Math.max(4, 2 * cores), stop: 32 };
}

/** @param underWay what has begun and not ended; none of `wanted` is among it */
export function admitted(
  wanted: readonly Action[],
  underWay: readonly Action[],
  limits: LaneLimits,
): readonly Action[] {
  const chosen = wanted.filter((action) => LANES[action.kind] === undefined);
  for (const lane of ['stop', 'change', 'place', 'pull'] as const) {
    const running = underWay.filter((action) => LANES[action.kind] === lane);
    const waiting = wanted.filter((action) => LANES[action.kind] === lane);
    chosen.push(...fairShare(waiting, running, limits[lane], lane === 'pull' ? 1 : 0));
  }
  return chosen;
}

/**
 * The app with the fewest places gets the next one.
 * @param assured so many each app gets in any case
 */
function fairShare(
  waiting: readonly Action[],
  running: readonly Action[],
  limit: number,
  assured: number,
): readonly Action[] {
  const held = new Map<string, number>();
  const heldBy = (action: Action): number => held.get(appOf(action)) ?? 0;
  const take = (action: Action): unknown => held.set(appOf(action), heldBy(action) + 1);
  running.forEach(take);
  const left = [...waiting].sort((a, b) => rankOf(a) - rankOf(b));
  const chosen: Action[] = [];
  for (;;) {
    const next = left.reduce<Action | null>(
      (best, action) => (best === null || heldBy(action) < heldBy(best) ? action : best),
      null,
    );
    if (next === null || (running.length + chosen.length >= limit && heldBy(next) >= assured)) break;
    left.splice(left.indexOf(next), 1);
    chosen.push(next);
    take(next);
  }
  return chosen;
}

/** What is started becomes healthy meanwhile; what is only created does nothing. */
const rankOf = (action: Action): number => (action.kind === 'start' ? 0 : 1);

const appOf = (action: Action): string => ('app' in action ? action.app : '');
