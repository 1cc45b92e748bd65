import t from 'tap';
import { nextInQueue } from '../../../../coordinator/rollout/next-in-queue.ts';
import { aDeployment, deploymentId } from '../../../support/app-builders.ts';

const queued = (number: number, fields = {}) => aDeployment({ id: deploymentId(number), ...fields });
const moving = (number: number, state: 'rolling' | 'paused' | 'rolling_back') =>
  aDeployment({ id: deploymentId(number), state });
const aborts = { aborts: true };
const schedule = { cause: { kind: 'schedule', detail: '@hourly' } } as const;

t.test('nextInQueue: one at a time; the newest of those that wait', (t) => {
  t.same(nextInQueue([]), { supersede: [], run: null });
  t.same(nextInQueue([queued(1)]), { supersede: [], run: deploymentId(1) });
  t.same(nextInQueue([queued(1), queued(2), queued(3)]), {
    supersede: [deploymentId(1), deploymentId(2)],
    run: deploymentId(3),
  });
  t.end();
});

t.test('nextInQueue: what moves is waited for, or stopped when asked', (t) => {
  for (const state of ['rolling', 'rolling_back'] as const) {
    t.same(nextInQueue([moving(1, state), queued(2)]), { supersede: [], run: deploymentId(1) });
    t.same(nextInQueue([moving(1, state), queued(2, aborts)]), { supersede: [deploymentId(1)], run: deploymentId(2) });
  }
  t.same(
    nextInQueue([aDeployment({ id: deploymentId(1), state: 'rolling', ...aborts })]),
    { supersede: [], run: deploymentId(1) },
    'nothing newer to make room for',
  );
  t.end();
});

t.test('nextInQueue: a paused one gives way to a person, not to the schedule', (t) => {
  t.same(nextInQueue([moving(1, 'paused'), queued(2)]), { supersede: [deploymentId(1)], run: deploymentId(2) });
  t.same(nextInQueue([moving(1, 'paused'), queued(2, schedule)]), { supersede: [], run: deploymentId(1) });
  t.end();
});

t.test('nextInQueue: one that is held for its window gives way to a person, not to the schedule', (t) => {
  const held = aDeployment({ id: deploymentId(1), state: 'rolling', deadlineAt: null, ...schedule });
  t.same(nextInQueue([held, queued(2)]), { supersede: [deploymentId(1)], run: deploymentId(2) });
  t.same(nextInQueue([held, queued(2, schedule)]), { supersede: [], run: deploymentId(1) });
  const moves = { ...held, deadlineAt: 9 };
  t.same(nextInQueue([moves, queued(2)]), { supersede: [], run: deploymentId(1) });
  t.end();
});

t.test('nextInQueue: what has ended plays no part', (t) => {
  t.same(nextInQueue([aDeployment({ id: deploymentId(1), state: 'failed' }), queued(2)]), {
    supersede: [],
    run: deploymentId(2),
  });
  t.end();
});
