import t from 'tap';
import { evalGate, type GateInput } from '../../../../agent/reconcile/gate.ts';
import { aRunEntry, IMAGE_PROBE, ROUTE, type TestService } from '../../../support/agent-entries.ts';
import { aContainer, aHealth } from '../../../support/agent-planning.ts';

const gate = { minHealthyMs: 5_000, healthyDeadlineMs: 30_000, progressDeadlineMs: 60_000 };
const input = (fields: Partial<GateInput> = {}, spec: Partial<TestService> = {}): GateInput => ({
  entry: aRunEntry({ services: { web: { version: 'a', gate, ...spec } } }),
  service: 'web',
  key: 'web/1',
  container: aContainer(1),
  health: aHealth({ healthySinceMs: 1_000 }),
  nowMs: 6_000,
  ...fields,
});

t.test('evalGate: passes after min_healthy_time of unbroken health, and says when that will be', (t) => {
  t.same(evalGate(input()), { kind: 'passed' });
  t.match(evalGate(input({ nowMs: 5_999 })), { kind: 'waiting', wakeAtMs: 6_000 });
  t.end();
});

t.test('evalGate: a way back needs health only', (t) => {
  const entry = aRunEntry({ rollback: true, services: { web: { version: 'a', gate } } });
  t.same(evalGate(input({ entry, nowMs: 1_001 })), { kind: 'passed' });
  t.match(evalGate(input({ entry, health: aHealth({ healthySinceMs: null }) })), { kind: 'waiting' });
  t.end();
});

t.test('evalGate: never healthy fails at the deadline, with what the last probe found', (t) => {
  const health = aHealth({ sinceMs: 100, healthySinceMs: null, everHealthy: false, lastAnswer: 'GET /up: 404' });
  t.match(evalGate(input({ health, nowMs: 30_099 })), { kind: 'waiting', wakeAtMs: 30_100 });
  t.match(evalGate(input({ health, nowMs: 30_100 })), {
    kind: 'failed',
    code: 'NEVER_HEALTHY',
    message: 'web/1: not healthy within 30 s; last probe: GET /up: 404',
  });
  t.end();
});

t.test('evalGate: healthy and then not fails; a single failure only begins the time again', (t) => {
  const once = aHealth({ healthySinceMs: null, failures: 1 });
  t.match(evalGate(input({ health: once })), { kind: 'waiting' });
  const often = aHealth({ healthySinceMs: null, failures: 3, isUnhealthy: true });
  t.match(evalGate(input({ health: often })), { kind: 'failed', code: 'UNHEALTHY_IN_GATE' });
  t.end();
});

t.test('evalGate: an end is final, unless it is what the service is for', (t) => {
  const ended = (exitCode: number): GateInput['container'] => aContainer(1, { state: 'exited', exitCode });
  t.match(evalGate(input({ container: ended(3) })), {
    kind: 'failed',
    code: 'CONTAINER_EXITED',
    message: /exit code 3/,
  });
  t.match(evalGate(input({ container: ended(0) })), { kind: 'failed' }, 'it should run');
  const job = { restart: { name: 'no', maxAttempts: 0 }, probe: IMAGE_PROBE } as const;
  t.match(evalGate(input({ container: ended(0) }, job)), { kind: 'passed' });
  t.match(evalGate(input({ container: ended(1) }, job)), { kind: 'failed' });
  const oom = aContainer(1, { state: 'exited', exitCode: 137, oomKilled: true });
  t.match(evalGate(input({ container: oom })), { kind: 'failed', message: /memory limit/ });
  t.end();
});

t.test('evalGate: a server does not complete, whatever its restart policy', (t) => {
  const ended = aContainer(1, { state: 'exited', exitCode: 0 });
  const onFailure = { restart: { name: 'on-failure', maxAttempts: 0 } } as const;
  const port = { container: 80, host: null, hostIp: null, protocol: 'tcp' } as const;
  const job = { ...onFailure, probe: IMAGE_PROBE };
  const servers: readonly (readonly [string, Partial<TestService>, GateInput['container']])[] = [
    ['it has an ingress route', { ...job, ingress: ROUTE }, ended],
    ['it publishes ports', { ...job, ports: [port] }, ended],
    ['it has a health check', onFailure, ended],
    ['it has a health check', job, { ...ended, engineHealth: 'unhealthy' }],
    ['it has a health check', { restart: { name: 'no', maxAttempts: 0 } }, ended],
  ];
  for (const [reason, spec, container] of servers)
    t.match(evalGate(input({ container }, spec)), {
      kind: 'failed',
      code: 'CONTAINER_EXITED',
      message: `web/1: ended with exit code 0 before it had passed its gate (it has to keep running: ${reason})`,
    });
  t.match(evalGate(input({ container: ended }, job)), { kind: 'passed' });
  const off = { ...onFailure, probe: { ...IMAGE_PROBE, check: { kind: 'none' } } } as const;
  t.match(evalGate(input({ container: ended }, off)), { kind: 'passed' }, 'its health check is switched off');
  for (const [condition, kind] of [
    ['started', 'failed'],
    ['healthy', 'failed'],
    ['completed', 'passed'],
  ] as const) {
    const entry = aRunEntry({
      services: { web: { version: 'a', ...job }, api: { version: 'b', dependsOn: { web: condition } } },
    });
    t.match(evalGate(input({ entry, container: ended })), { kind }, `api depends on it: ${condition}`);
  }
  t.end();
});

t.test('evalGate: what others wait for to complete does not pass by running', (t) => {
  const entry = aRunEntry({
    services: { migrate: { version: 'a' }, web: { version: 'b', dependsOn: { migrate: 'completed' } } },
  });
  t.match(evalGate(input({ entry, service: 'migrate', key: 'migrate/1' })), {
    kind: 'waiting',
    reason: /has to complete/,
  });
  t.end();
});
