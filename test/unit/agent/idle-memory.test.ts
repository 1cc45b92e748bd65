import t from 'tap';
import { collectWhenIdle, garbageCollector } from '../../../agent/idle-memory.ts';
import { ManualClock } from '../../support/manual-clock.ts';

t.test('collectWhenIdle: only while idle, and only where something was allocated since', async (t) => {
  const clock = new ManualClock();
  const ending = new AbortController();
  let heap = 20_000_000;
  let idle = false;
  let collections = 0;
  const collect = (): void => {
    collections += 1;
    heap = 10_000_000;
  };
  const running = collectWhenIdle({ clock, isIdle: () => idle, heapBytes: () => heap, collect }, ending.signal);

  await clock.advance(60_000);
  t.equal(collections, 0, 'work is under way');
  idle = true;
  await clock.advance(15_000);
  t.equal(collections, 1);
  await clock.advance(3_600_000);
  t.equal(collections, 1, 'nothing was allocated');
  heap += 2_000_000;
  await clock.advance(15_000);
  t.equal(collections, 2);

  ending.abort();
  await running;
});

t.test('garbageCollector: collects', (t) => {
  t.doesNotThrow(garbageCollector());
  t.end();
});
