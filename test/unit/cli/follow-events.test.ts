import t from 'tap';
import { EventFollower } from '../../../cli/follow-events.ts';
import type { CallFrame } from '../../../cli/client/console-client.ts';
import type { EventView } from '../../../protocol/http-api/views.ts';
import { aHostView, anEventView } from '../../support/views.ts';

const event = (number: number, kind = 'a'): EventView => anEventView({ number, kind });
const came = (number: number, kind = 'a'): CallFrame => ({ kind: 'event', id: 'w', event: event(number, kind) });
const WATCHING: CallFrame = { kind: 'watching', id: 'w' };

/** A log that the test writes, and lists that answer when the test lets them. */
function stage(past: number, matches: (event: EventView) => boolean = () => true) {
  const log: EventView[] = [];
  const shown: number[] = [];
  const waiting: (() => void)[] = [];
  const faults: unknown[] = [];
  const follower = new EventFollower({
    past,
    list: (limit, cursor) =>
      new Promise((resolve) =>
        waiting.push(() => {
          const below = [...log].reverse().filter(({ number }) => number < Number(cursor ?? Infinity));
          const items = below.slice(0, limit);
          resolve({ items, next: below.length > limit ? String(items.at(-1)?.number) : null });
        }),
      ),
    matches,
    show: ({ number }) => shown.push(number),
    onFault: (error) => faults.push(error),
  });
  const answer = async (): Promise<void> => {
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { log, shown, waiting, faults, follower, answer };
}

t.test('follow events: what happens while the past is listed is shown once, in order', async (t) => {
  const { log, shown, waiting, follower, answer } = stage(2);
  log.push(event(1), event(2), event(3));
  t.equal(waiting.length, 0, 'nothing is listed before the coordinator listens');
  follower.onFrame(WATCHING);
  log.push(event(4));
  follower.onFrame(came(4));
  const inList = log.length;
  follower.onFrame(came(5));
  await answer();
  t.equal(inList, 4);
  log.push(event(5));
  follower.onFrame(came(6));

  t.same(shown, [3, 4, 5, 6]);
});

t.test('follow events: without a past, what came since it listens', async (t) => {
  const { log, shown, follower, answer } = stage(0);
  log.push(event(1), event(2));
  follower.onFrame(WATCHING);
  log.push(event(3));
  follower.onFrame(came(3));
  await answer();
  follower.onFrame(came(4));
  t.same(shown, [3, 4]);
});

t.test('follow events: what was left out is listed, also over several pages and while it lists', async (t) => {
  const { log, shown, follower, waiting, answer } = stage(1);
  // A coordinator before this version begins with a view.
  follower.onFrame({ kind: 'host', id: 'w', host: aHostView() });
  await answer();
  for (let number = 1; number <= 1_100; number += 1) log.push(event(number));
  follower.onFrame(came(1));
  follower.onFrame({ kind: 'left-out', id: 'w', events: 1_099 });
  follower.onFrame({ kind: 'left-out', id: 'w', events: 1 });
  log.push(event(1_101));
  follower.onFrame(came(1_101));
  while (waiting.length > 0) await answer();

  t.same(
    shown,
    Array.from({ length: 1_101 }, (_, index) => index + 1),
  );
});

t.test('follow events: shows what was asked for, and says when a list fails', async (t) => {
  const { log, shown, follower, answer } = stage(1, ({ kind }) => kind === 'b');
  log.push(event(1, 'b'));
  follower.onFrame(WATCHING);
  await answer();
  follower.onFrame(came(2, 'a'));
  follower.onFrame(came(3, 'b'));
  t.same(shown, [1, 3]);

  const faults: unknown[] = [];
  const broken = new EventFollower({
    past: 1,
    list: () => Promise.reject(new Error('away')),
    matches: () => true,
    show: () => undefined,
    onFault: (error) => faults.push(error),
  });
  broken.onFrame(WATCHING);
  await new Promise((resolve) => setImmediate(resolve));
  t.match(faults, [{ message: 'away' }]);
});
