import t from 'tap';
import { EVENTS_AT_ONCE, EventBudget } from '../../../../coordinator/hub/event-budget.ts';

t.test('EventBudget: so many at once, then a few a minute', (t) => {
  const budget = new EventBudget(0);
  const taken = (now: number, times: number) => Array.from({ length: times }, () => budget.take(now)).filter(Boolean);
  t.equal(taken(0, EVENTS_AT_ONCE + 50).length, EVENTS_AT_ONCE);
  t.equal(taken(60_000, 50).length, 6);
  t.equal(taken(50_000, 50).length, 0, 'a clock that is set back gives nothing');
  t.equal(taken(86_400_000, 10_000).length, EVENTS_AT_ONCE);
  t.end();
});

t.test('EventBudget: what was dropped is due after a minute, then at most once in ten', (t) => {
  const budget = new EventBudget(0);
  const dropAt = (now: number) => {
    while (budget.take(now));
  };
  dropAt(1_000);
  t.equal(budget.due(2_000), null);
  t.same(budget.due(61_000), { count: 1, since: 1_000 });
  dropAt(61_000);
  dropAt(62_000);
  t.equal(budget.due(300_000), null);
  t.same(budget.due(661_000), { count: 2, since: 61_000 });
  t.equal(budget.due(10_000_000), null);
  dropAt(10_000_000);
  t.same(budget.tell(10_000_001), { count: 1, since: 10_000_000 }, 'at the end at once');
  t.equal(budget.tell(10_000_002), null);
  t.end();
});
