import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { makeProbe, type ProbeRequest } from '../../../agent/health/probe.ts';
import { Prober } from '../../../agent/health/prober.ts';
import type { ProbeTarget } from '../../../agent/reconcile/observation.ts';
import { toProbeTarget } from '../../../agent/reconcile/probe-target.ts';
import { IMAGE_PROBE } from '../../support/agent-entries.ts';
import { aContainer, instanceId } from '../../support/agent-planning.ts';
import { aService } from '../../support/app-builders.ts';

const engine = { exec: async () => ({ exitCode: 1, output: 'no such table\n' }) };
const probe = makeProbe(engine, (text) => text);
const never = new AbortController().signal;

async function serve(test: { teardown(end: () => void): void }, status: () => number): Promise<number> {
  const server: Server = createServer((_request, response) => {
    const code = status();
    if (code > 0) response.writeHead(code).end('x'.repeat(100_000));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const http = (port: number, path = '/up'): ProbeRequest['check'] => ({
  kind: 'http',
  port,
  path,
  host: null,
  scheme: 'http',
});
const ask = (check: ProbeRequest['check'], timeoutMs = 1_000): ReturnType<typeof probe> =>
  probe({ instance: instanceId(1), address: '127.0.0.1', check, timeoutMs }, never);

t.test('probe: HTTP is healthy by 2xx and 3xx, and says what it found', async (t) => {
  let status = 200;
  const port = await serve(t, () => status);
  t.match(await ask(http(port)), { isHealthy: true, text: `GET http://127.0.0.1:${port}/up: 200` });
  status = 302;
  t.match(await ask(http(port)), { isHealthy: true });
  status = 503;
  t.match(await ask(http(port)), { isHealthy: false, text: /: 503$/ });
});

t.test('probe: no listener, and no answer in time', async (t) => {
  const port = await serve(t, () => 0);
  t.match(await ask(http(port), 50), { isHealthy: false, text: /no answer within 50 ms/ });
  t.match(await ask({ kind: 'tcp', port }), { isHealthy: true });
  t.match(await ask({ kind: 'tcp', port: 1 }), { isHealthy: false, text: /connection refused/ });
});

t.test('probe: exec says the exit code and the last output', async (t) => {
  t.match(await ask({ kind: 'exec', command: ['check', 'db'] }), {
    isHealthy: false,
    text: 'check db: exit code 1: no such table',
  });
});

const target = (port: number, fields: Partial<ProbeTarget> = {}): ProbeTarget => ({
  instance: instanceId(1),
  name: 'web/web/1',
  startedAtMs: null,
  address: '127.0.0.1',
  isPaused: false,
  check: http(port),
  intervalMs: 5,
  timeoutMs: 500,
  retries: 2,
  startPeriodMs: 0,
  startIntervalMs: 5,
  ...fields,
});

function watcher(test: { teardown(end: () => void): void }): {
  prober: Prober;
  until: (isSo: () => boolean) => Promise<void>;
} {
  let changed: () => void = () => undefined;
  const prober = new Prober({ probe, clock: systemClock, onChange: () => changed() });
  test.teardown(() => prober.close());
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise<void>((resolve) => (changed = resolve));
  };
  return { prober, until };
}

t.test('Prober: follows an instance from starting to healthy to unhealthy', async (t) => {
  let status = 503;
  const port = await serve(t, () => status);
  const { prober, until } = watcher(t);
  const fact = (): ReturnType<Prober['facts']>[never] | undefined => prober.facts()[instanceId(1)];
  prober.aim([target(port)]);
  t.match(fact(), { healthySinceMs: null, everHealthy: false });
  status = 200;
  await until(() => fact()?.healthySinceMs !== null);
  status = 500;
  await until(() => fact()?.isUnhealthy === true);
  t.match(fact(), { everHealthy: true, lastAnswer: /: 500$/ });
});

t.test('Prober: learning the start time changes nothing, another one is another run', async (t) => {
  const port = await serve(t, () => 200);
  const { prober, until } = watcher(t);
  const fact = (): ReturnType<Prober['facts']>[never] | undefined => prober.facts()[instanceId(1)];
  prober.aim([target(port)]);
  await until(() => fact()?.healthySinceMs !== null);
  prober.aim([target(port, { startedAtMs: 1 })]);
  t.match(fact(), { everHealthy: true, isRestarted: false });
  prober.aim([target(port, { startedAtMs: 2 })]);
  t.match(fact(), { everHealthy: false, isRestarted: true, healthySinceMs: null });
});

t.test('Prober: what is found while an instance is reconnected does not count', async (t) => {
  let status = 200;
  const port = await serve(t, () => status);
  const { prober, until } = watcher(t);
  const fact = (): ReturnType<Prober['facts']>[never] | undefined => prober.facts()[instanceId(1)];
  prober.aim([target(port)]);
  await until(() => fact()?.healthySinceMs !== null);
  const since = fact()?.healthySinceMs;

  status = 500;
  // The other one shows that time has passed and probes went out.
  prober.aim([target(port, { isPaused: true }), target(port, { instance: instanceId(2) })]);
  await until(() => prober.facts()[instanceId(2)]?.isUnhealthy === true);
  t.equal(fact()?.healthySinceMs, since);
  prober.aim([target(port)]);
  await until(() => fact()?.isUnhealthy === true);
});

t.test('Prober: without a probe, running for a moment is enough; what is aimed at no more is forgotten', async (t) => {
  const { prober, until } = watcher(t);
  prober.aim([target(1, { check: { kind: 'none' } })]);
  await until(() => prober.facts()[instanceId(1)]?.healthySinceMs !== null);
  prober.aim([]);
  t.same(prober.facts(), {});
});

t.test("Prober: the engine's verdict on the image's own health check counts at once, both ways", async (t) => {
  const { prober, until } = watcher(t);
  const fact = (): ReturnType<Prober['facts']>[never] | undefined => prober.facts()[instanceId(1)];
  // An interval and retries that would take hours if the prober counted answers itself.
  const spec = aService({ probe: { ...IMAGE_PROBE, intervalMs: 3_600_000, retries: 3, startPeriodMs: 3_600_000 } });
  const aim = (engineHealth: 'starting' | 'healthy' | 'unhealthy'): void =>
    prober.aim([
      toProbeTarget(spec, aContainer(1, { engineHealth, engineHealthDetail: `it is ${engineHealth}` }), false),
    ]);
  aim('starting');
  t.match(fact(), { healthySinceMs: null, isUnhealthy: false });
  aim('healthy');
  await until(() => fact()?.healthySinceMs !== null);
  aim('unhealthy');
  await until(() => fact()?.isUnhealthy === true);
  t.match(fact(), { healthySinceMs: null, lastAnswer: 'it is unhealthy' });
  aim('healthy');
  await until(() => fact()?.healthySinceMs !== null);
  t.match(fact(), { isUnhealthy: false });
});
