import t from 'tap';
import { addCounts, countSteps, hostsIn, notableSteps } from '../../../fleet/deployment-summary.ts';
import { aStep, hostId } from '../../support/app-builders.ts';

const steps = (['passed', 'passed', 'failed', 'waiting'] as const).map((state, index) =>
  aStep({ host: hostId(index), wave: index < 1 ? 0 : 1, state }),
);

t.test('countSteps: by wave, what failed first; and what is left of a state after some left it', (t) => {
  const counts = countSteps(steps);
  t.same(counts, [
    { wave: 0, state: 'passed', hosts: 1 },
    { wave: 1, state: 'failed', hosts: 1 },
    { wave: 1, state: 'waiting', hosts: 1 },
    { wave: 1, state: 'passed', hosts: 1 },
  ]);
  const left = { wave: 1, state: 'waiting', hosts: -1 } as const;
  t.same(addCounts(counts, [left, { ...left, state: 'moving', hosts: 1 }]).slice(1, 3), [
    { wave: 1, state: 'failed', hosts: 1 },
    { wave: 1, state: 'moving', hosts: 1 },
  ]);
  t.equal(hostsIn(counts), 4);
  t.equal(hostsIn(counts, ['passed']), 2);
  t.equal(hostsIn(counts, ['passed'], 1), 1);
  t.end();
});

t.test('notableSteps: all of a few; of many those that a person looks for', (t) => {
  t.same(notableSteps(steps, 4), steps);
  t.same(notableSteps(steps, 2), [steps[2], steps[3]]);
  t.end();
});
