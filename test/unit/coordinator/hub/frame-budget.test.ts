import t from 'tap';
import { FRAMES_A_SECOND, FRAMES_AT_ONCE, FrameBudget } from '../../../../coordinator/hub/frame-budget.ts';

t.test('FrameBudget: lets a burst through and then slows to its rate', (t) => {
  const budget = new FrameBudget(0);
  for (let frame = 0; frame < FRAMES_AT_ONCE; frame += 1) t.equal(budget.take(0), 0);
  t.equal(budget.take(0), 1000 / FRAMES_A_SECOND);
  t.equal(budget.take(10_000), 0, 'time fills it again');
  t.end();
});

t.test('FrameBudget: a clock that goes back gives nothing and takes nothing', (t) => {
  const budget = new FrameBudget(10_000);
  t.equal(budget.take(0), 0);
  t.end();
});
