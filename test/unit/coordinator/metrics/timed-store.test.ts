import t from 'tap';
import { timedStore } from '../../../../coordinator/metrics/timed-store.ts';
import type { Store } from '../../../../coordinator/store/store.ts';

t.test('timedStore: reads and commits apart, also those that fail; nothing else', async (t) => {
  let now = 0;
  const taken: (readonly [string, number])[] = [];
  const later = (): Promise<never[]> => {
    now += 500;
    return Promise.resolve([]);
  };
  const inner: Partial<Store> = {
    allHosts: later,
    appendEvents: later,
    touchHosts: () => Promise.reject(new Error('away')),
    databaseBytes: () => Promise.resolve(1),
    obstacle: () => null,
  };
  const store = timedStore(
    inner as Store,
    () => now,
    (kind, seconds) => taken.push([kind, seconds]),
  );
  await store.allHosts();
  await store.appendEvents({ events: [] });
  await t.rejects(store.touchHosts({ seen: [] }));
  t.equal(await store.databaseBytes(), 1);
  t.equal(store.obstacle(), null);
  t.same(taken, [
    ['read', 0.5],
    ['commit', 0.5],
    ['commit', 0],
  ]);
});
