import t from 'tap';
import type { Assignment } from '../../../fleet/assignment.ts';
import { assignmentObstacle } from '../../../agent/orders.ts';
import { anAppSpec, appName, deploymentId, hostId, specHash } from '../../support/app-builders.ts';

const assignment = (requires: readonly string[]): Assignment => ({
  host: hostId(1),
  epoch: 1,
  generation: 4,
  entries: [
    {
      kind: 'run',
      app: appName('shop'),
      release: 1,
      deployment: deploymentId(1),
      attempt: 1,
      spec: anAppSpec(),
      hashes: { web: specHash('a') },
      replicas: { web: 1 },
      secretVersions: {},
      rollback: false,
      requires,
    },
    { kind: 'remove', app: appName('old'), volumes: false },
  ],
});

t.test('assignmentObstacle: takes what it can do', (t) => {
  t.equal(assignmentObstacle(assignment(['swap', 'secrets']), hostId(1)), null);
  t.end();
});

t.test('assignmentObstacle: names the app and what it lacks', (t) => {
  t.match(assignmentObstacle(assignment(['swap', 'teleport']), hostId(1)), {
    code: 'CAPABILITY_MISSING',
    message: 'take assignment 1/4: shop requires teleport',
  });
  t.end();
});

t.test('assignmentObstacle: never takes one of another host', (t) => {
  t.match(assignmentObstacle(assignment([]), hostId(2)), { code: 'FRAME_INVALID', message: /is for host/ });
  t.end();
});
