import t from 'tap';
import type { Assignment } from '../../../fleet/assignment.ts';
import { type AssignAnswer, assignmentObstacle, Orders, type OrderParts } from '../../../agent/orders.ts';
import type { Log } from '../../../agent/log.ts';
import type { Link } from '../../../agent/session/connection.ts';
import { LongshoreError } from '../../../fleet/errors.ts';
import { anAppSpec, appName, deploymentId, hostId, specHash } from '../../support/app-builders.ts';
import { silentLog } from '../../support/session-stage.ts';

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

t.test('Orders: logs once why assignments are not taken, and when one is again', async (t) => {
  const lines: string[] = [];
  const log: Log = { ...silentLog, info: (text) => lines.push(text), warn: (text) => lines.push(text) };
  let answer: () => Promise<AssignAnswer> = async () => ({ kind: 'accepted' });
  const parts: Pick<OrderParts, 'host' | 'assign' | 'log'> = { host: hostId(1), log, assign: () => answer() };
  const orders = new Orders(parts as OrderParts);
  const sent: string[] = [];
  const link = { send: ({ kind }: { kind: string }) => sent.push(kind) } as unknown as Link;
  const arrives = (generation: number): Promise<void> => {
    orders.onMessage(link, { kind: 'assignment', assignment: { ...assignment([]), generation }, hash: 'x' });
    return orders.settled();
  };
  await arrives(1);
  t.same(lines, []);
  answer = () => Promise.reject(new LongshoreError('NO_SPACE', 'write state/assignment.json: no space left'));
  await arrives(2);
  await arrives(2);
  await arrives(3);
  t.equal(lines.length, 1);
  t.match(lines[0], /not taken: write state\/assignment.json: no space left/);
  answer = async () => ({ kind: 'accepted' });
  await arrives(3);
  await arrives(4);
  t.same(lines.slice(1), ['assignment 1/3 is taken']);
  t.same(sent, [
    'assignment-ack',
    'assignment-refused',
    'assignment-refused',
    'assignment-refused',
    'assignment-ack',
    'assignment-ack',
  ]);
});
