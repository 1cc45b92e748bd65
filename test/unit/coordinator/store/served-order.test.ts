import t from 'tap';
import { servedBefore, servesAfter } from '../../../../coordinator/store/served-order.ts';
import type { ServedOrder } from '../../../../coordinator/store/served-order.ts';

/** Releases as they succeed, one after the other. */
function served(...releases: readonly number[]): ServedOrder {
  const order = new Map<number, number | null>();
  let current: number | null = null;
  for (const release of releases) {
    order.set(release, servesAfter(order, current, release));
    current = release;
  }
  return order;
}

t.test('served order: each rollback goes one further back, never to what was rolled back from', (t) => {
  t.same(servedBefore(served(1, 2, 3), 3), [2, 1]);
  t.same(servedBefore(served(1, 2, 3, 2), 2), [1]);
  t.same(servedBefore(served(1, 2, 3, 1), 1), []);
  t.same(servedBefore(served(1, 2, 3, 1, 4), 4), [1], 'what came in between was rolled back from');
  t.end();
});

t.test('served order: a release that is deployed again comes after what served last', (t) => {
  t.same(servedBefore(served(1, 2, 3, 1, 3), 3), [1]);
  t.same(servedBefore(served(1, 2, 1, 2, 1, 2), 2), [1]);
  t.same(servedBefore(served(1, 1), 1), []);
  t.end();
});
