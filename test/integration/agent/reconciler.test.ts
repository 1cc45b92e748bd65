import t from 'tap';
import type { ServiceSpec, VolumeSpec } from '../../../fleet/app-spec.ts';
import type { RunEntry } from '../../../fleet/assignment.ts';
import { LongshoreError } from '../../../fleet/errors.ts';
import { aRunEntry, ROUTE, type TestEntry } from '../../support/agent-entries.ts';
import { AgentWorld, type AgentWorldOptions } from '../../support/agent-world.ts';
import { appName, digest, hostId } from '../../support/app-builders.ts';
import { withResolvers } from '../../support/with-resolvers.ts';

const world = async (
  test: { teardown(end: () => Promise<void>): void },
  options: AgentWorldOptions = {},
): Promise<AgentWorld> => {
  const made = await AgentWorld.make(options);
  test.teardown(() => made.close());
  await made.start();
  return made;
};

const release = (number: number, version: string, fields: Partial<TestEntry> = {}): ReturnType<typeof aRunEntry> =>
  aRunEntry({ release: number, services: { web: { version } }, ...fields });

t.test('reconciler: runs a new app and reports it passed and converged', async (t) => {
  const host = await world(t, { ingress: true });
  host.offer('a');

  t.match(await host.assign(release(1, 'a', { services: { web: { version: 'a', ingress: ROUTE } } })), {
    kind: 'accepted',
  });
  await host.untilConverged();

  t.equal(host.running(), 'a');
  t.match(host.report(), { release: 1, converged: true, waiting: null, attempt: { state: 'passed', problem: null } });
  t.match(host.report()?.instances[0], { service: 'web', replica: 1, state: 'healthy', routed: true });
  t.same(host.ingress?.upstreams, { 'web/web': ['10.213.0.2'] });
  t.same(host.ingress?.ready, ['web']);
});

t.test('reconciler: says that it is converged when it is, also after a restart that finds all well', async (t) => {
  const host = await world(t, { ingress: true });
  host.offer('a');
  await host.assign(release(1, 'a', { services: { web: { version: 'a', ingress: ROUTE } } }));
  await host.untilConverged();
  await host.until(() => host.lastSaid === 'converged', 'it to say so', 2_000);

  host.kill();
  const answering = withResolvers<undefined>();
  if (host.ingress !== null) host.ingress.readying = answering.promise;
  await host.start();
  await host.until(
    () => host.report()?.converged === true && host.lastSaid !== 'converged',
    'all well but the ingress',
  );
  answering.resolve(undefined);
  await host.untilConverged();
  await host.until(() => host.lastSaid === 'converged', 'it to say so again', 2_000);
  t.pass('the status line is not left at what it was one turn before');
});

t.test('reconciler: a start-first swap never leaves the service without a serving instance', async (t) => {
  const host = await world(t, { ingress: true });
  host.offer('a');
  host.offer('b', { healthyAfterMs: 60 });
  const services = (version: string): TestEntry['services'] => ({ web: { version, ingress: ROUTE } });
  await host.assign(release(1, 'a', { services: services('a') }));
  await host.untilConverged();
  host.engine.forgetLowest();

  await host.assign(release(2, 'b', { services: services('b') }));
  await host.untilConverged();

  t.equal(host.containers(), 'b', 'nothing old is left');
  t.equal(host.engine.lowestServing(host.host, 'web', 'web'), 1);
  t.same(host.ingress?.upstreams, { 'web/web': ['10.213.0.3'] }, 'the other slot');
  t.equal(host.ingress?.configurations, 2, 'empty at first, then the routes: the swap configures nothing');
});

t.test('reconciler: a version that never gets healthy fails, is removed, and the old one serves on', async (t) => {
  const host = await world(t);
  host.offer('a');
  host.offer('b', { healthyAfterMs: null, log: ['cannot reach the database'] });
  await host.assign(release(1, 'a'));
  await host.untilConverged();
  host.engine.forgetLowest();

  const gate = { minHealthyMs: 0, healthyDeadlineMs: 150, progressDeadlineMs: 10_000 };
  await host.assign(release(2, 'b', { services: { web: { version: 'b', gate } } }));
  await host.until(
    () => host.report()?.attempt?.state === 'failed' && host.containers() === 'a',
    'failed and cleaned up',
  );

  t.equal(host.running(), 'a');
  t.equal(host.engine.lowestServing(host.host, 'web', 'web'), 1);
  const { attempt, release: serving } = host.report() ?? {};
  t.equal(serving, 1);
  t.match(attempt, { release: 2, failedService: 'web', problem: { code: 'NEVER_HEALTHY' } });
  t.match(
    attempt?.problem?.message,
    /not healthy within 150 ms.*healthy: exit code 1: not ready.*last output:\ncannot reach the database/s,
  );
  t.match(host.events, [{ event: 'attempt-failed', app: 'web' }]);
});

t.test('reconciler: a stop-first release goes back although nobody can read what it wrote last', async (t) => {
  const host = await world(t);
  host.offer('a');
  host.offer('b', { exitAfterMs: 0, exitCode: 3 });
  const services = (version: string): TestEntry['services'] => ({ web: { version, order: 'stop-first' } });
  await host.assign(release(1, 'a', { services: services('a') }));
  await host.untilConverged();

  const refusal = 'configured logging driver does not support reading';
  host.engine.failNext('readLogs', new LongshoreError('ENGINE_REFUSED', refusal), Number.POSITIVE_INFINITY);
  await host.assign(release(2, 'b', { services: services('b') }));
  await host.until(() => host.report()?.attempt?.state === 'failed' && host.running() === 'a', 'back');

  t.match(host.report()?.attempt?.problem, { code: 'CONTAINER_EXITED', message: /; no output: the logging driver/ });
});

t.test('reconciler: a failed attempt is not tried again without a new number, not by a restart either', async (t) => {
  const host = await world(t);
  host.offer('a');
  host.offer('b', { exitAfterMs: 0, exitCode: 3 });
  await host.assign(release(1, 'a'));
  await host.untilConverged();
  await host.assign(release(2, 'b'));
  await host.until(() => host.report()?.attempt?.state === 'failed' && host.containers() === 'a', 'failed');
  t.match(host.report()?.attempt?.problem, { code: 'CONTAINER_EXITED', message: /exit code 3/ });
  const creates = (): number => host.engine.effects.filter((each) => each.operation === 'create').length;
  t.equal(creates(), 2);

  host.kill();
  await host.start();
  await host.until(() => host.report()?.attempt?.state === 'failed', 'still failed');
  t.equal(creates(), 2);

  host.engine.disk.clear();
  host.offer('b');
  await host.assign(release(2, 'b', { attempt: 9 }));
  await host.untilConverged();
  t.equal(host.containers(), 'b');
});

t.test('reconciler: an assignment from before the host was enrolled anew counts for nothing', async (t) => {
  const host = await world(t);
  host.offer('a');
  const { reconciler } = host.process;
  await reconciler.assign({ host: hostId(9), epoch: 3, generation: 40, entries: [] }, 'of another host');
  t.same(reconciler.currentOrder(), { epoch: 0, generation: 0, hash: '' });
  t.equal(reconciler.assignment(), null);

  t.match(await host.assign(release(1, 'a')), { kind: 'accepted' });
  t.match(reconciler.currentOrder(), { epoch: 1, generation: 1 });
  await host.untilConverged();
});

t.test('reconciler: an unchanged service keeps its container over releases', async (t) => {
  const host = await world(t);
  host.offer('abc');
  await host.assign(release(1, 'a', { services: { web: { version: 'a' }, db: { version: 'b' } } }));
  await host.untilConverged();
  const db = host.report()?.instances.find((each) => each.service === 'db')?.id;

  await host.assign(release(2, 'c', { services: { web: { version: 'c' }, db: { version: 'b' } } }));
  await host.untilConverged();

  t.equal(host.report()?.instances.find((each) => each.service === 'db')?.id, db);
  t.equal(host.containers(), 'bc');
  t.match(host.report(), { release: 2, attempt: { state: 'passed' } });
});

t.test(
  'reconciler: stop-first stops the old one first, and starts the same container again when the new one fails',
  async (t) => {
    const host = await world(t);
    host.offer('a');
    host.offer('b', { exitAfterMs: 20, exitCode: 1, healthyAfterMs: null });
    const db = (version: string): TestEntry['services'] => ({ web: { version, order: 'stop-first' } });
    await host.assign(release(1, 'a', { services: db('a') }));
    await host.untilConverged();
    const before = host.report()?.instances[0]?.id;

    await host.assign(release(2, 'b', { services: db('b') }));
    await host.until(
      () => host.report()?.attempt?.state === 'failed' && host.containers() === 'a' && host.running() === 'a',
      'back',
    );

    t.equal(host.report()?.instances[0]?.id, before, 'the same container');
    const order = host.engine.effects
      .filter((each) => each.operation === 'start' || each.operation === 'stop')
      .map((each) => `${each.operation} ${each.object === before ? 'old' : 'new'}`);
    t.same(order.slice(1, 3), ['stop old', 'start new']);
    await host.until(
      () => host.engine.containersOf(host.host)[0]?.observe(0).restartPolicy === 'always',
      'its policy is back',
    );
  },
);

t.test('reconciler: services start in the order of their dependencies and commit together', async (t) => {
  const host = await world(t);
  host.offer('a', { healthyAfterMs: 80 });
  host.offer('b');
  host.offer('c', { exitAfterMs: 30, exitCode: 0, healthyAfterMs: null });
  await host.assign(
    release(1, 'a', {
      services: {
        db: { version: 'a' },
        migrate: { version: 'c', dependsOn: { db: 'healthy' }, restart: { name: 'no', maxAttempts: 0 } },
        web: { version: 'b', dependsOn: { migrate: 'completed', db: 'healthy' } },
      },
    }),
  );
  await host.untilConverged();

  const starts = host.engine.effects.filter((each) => each.operation === 'start').map((each) => each.object);
  const serviceOf = (id: string): string | undefined =>
    host.report()?.instances.find((each) => each.id === id)?.service;
  t.same(starts.map(serviceOf), ['db', 'migrate', 'web']);
  t.match(host.report(), { converged: true, attempt: { state: 'passed' } });
});

t.test('reconciler: a transient failure of the registry is tried again, a permanent one fails at once', async (t) => {
  const host = await world(t);
  host.offer('a');
  host.engine.failNext('pullImage', new LongshoreError('REGISTRY_UNAVAILABLE', 'pull a: 503', { retryAfterMs: 1 }));
  await host.assign(release(1, 'a'));
  await host.untilConverged();
  t.equal(host.running(), 'a');

  await host.assign(release(2, 'b'));
  await host.until(() => host.report()?.attempt?.state === 'failed', 'failed');
  t.match(host.report()?.attempt, { problem: { code: 'IMAGE_NOT_FOUND' }, failedService: null });
  t.equal(host.running(), 'a');
});

t.test('reconciler: removes an app when told to, volumes only when asked', async (t) => {
  const host = await world(t);
  host.offer('a');
  const mounts = [{ kind: 'volume', volume: 'data', target: '/data', readOnly: false }] as const;
  await host.assign(release(1, 'a', { volumes: ['data'], services: { web: { version: 'a', mounts } } }));
  await host.untilConverged();

  await host.assign({ kind: 'remove', app: appName('web'), volumes: false });
  await host.until(() => host.report()?.removed === true, 'removed');
  t.equal(host.containers(), '');
  t.equal(host.engine.networks.size, 0);
  t.equal(host.engine.volumes.size, 1, 'data stays');
  t.equal(host.engine.tags.size, 0);

  await host.assign({ kind: 'remove', app: appName('web'), volumes: true });
  await host.until(() => host.engine.volumes.size === 0, 'volume removed');
});

t.test(
  'reconciler: a volume that the image declares is kept over updates, and held by one instance at a time',
  async (t) => {
    const host = await world(t);
    for (const version of 'ab') host.engine.offerImage(digest(version), {}, { volumes: ['/data'] });
    await host.assign(release(1, 'a'));
    await host.untilConverged();
    const volumeOf = (): unknown => [...host.engine.containers.values()].map((each) => each.volumes['/data']);
    const first = volumeOf();
    t.same(first, [[...host.engine.volumes.keys()][0]], 'a named one');
    host.engine.forgetLowest();

    await host.assign(release(2, 'b'));
    await host.untilConverged();
    t.equal(host.running(), 'b');
    t.same(volumeOf(), first);
    t.equal(host.engine.lowestServing(host.host, 'web', 'web'), 0, 'the old one stopped first');

    await host.assign({ kind: 'remove', app: appName('web'), volumes: false });
    await host.until(() => host.report()?.removed === true, 'removed');
    await host.assign(release(3, 'a'));
    await host.untilConverged();
    t.same(volumeOf(), first, 'a later deployment finds it');

    await host.assign({ kind: 'remove', app: appName('web'), volumes: true });
    await host.until(() => host.engine.volumes.size === 0, 'volume removed');
  },
);

const DATA = [{ kind: 'volume', volume: 'data', target: '/data', readOnly: false }] as const;
const withVolume = (number: number, version: string, spec: Partial<VolumeSpec> = {}): RunEntry => {
  const entry = release(number, version, { volumes: ['data'], services: { web: { version, mounts: DATA } } });
  const data = { external: false, name: null, driver: null, driverOpts: {}, labels: {}, ...spec };
  return { ...entry, spec: { ...entry.spec, volumes: { data } } };
};

t.test(
  'reconciler: a volume that was deleted by hand is not made again empty until somebody asks for it',
  async (t) => {
    const host = await world(t);
    host.offer('a');
    await host.assign(withVolume(1, 'a'));
    await host.untilConverged();

    host.engine.volumes.clear();
    host.engine.containers.clear();
    host.engine.settle();
    await host.until(() => host.report()?.waiting?.includes('--recreate-volume') === true, 'says what is missing');
    t.equal(host.report()?.converged, false);
    t.equal(host.engine.volumes.size, 0);

    await host.assign(withVolume(2, 'a'));
    await host.until(() => host.report()?.attempt?.state === 'failed', 'not by another deployment either');
    t.match(host.report()?.attempt?.problem, { code: 'VOLUME_MISSING' });

    await host.assign({ ...withVolume(3, 'a'), recreateVolumes: ['data'] });
    await host.untilConverged();
    t.equal(host.running(), 'a');
    t.equal(host.engine.volumes.size, 1);
  },
);

t.test('reconciler: another name mounts another volume, and going back the first one', async (t) => {
  const host = await world(t);
  host.offer('abc');
  const mounted = (): unknown => [...host.engine.containers.values()].map((each) => each.volumes['/data']);
  await host.assign(withVolume(1, 'a'));
  await host.untilConverged();
  const first = mounted();

  await host.assign(withVolume(2, 'b', { name: 'other' }));
  await host.untilConverged();
  t.same(mounted(), ['other']);
  t.equal(host.engine.volumes.size, 2, 'the first one stays');

  await host.assign(withVolume(3, 'a'));
  await host.untilConverged();
  t.same(mounted(), first);
});

t.test('reconciler: a volume that exists otherwise than defined is refused before anything stops', async (t) => {
  const host = await world(t);
  host.offer('ab');
  await host.assign(withVolume(1, 'a'));
  await host.untilConverged();
  host.engine.forgetLowest();

  await host.assign(withVolume(2, 'b', { driverOpts: { type: 'tmpfs' } }));
  await host.until(() => host.report()?.attempt?.state === 'failed', 'refused');
  t.match(host.report()?.attempt?.problem, { code: 'VOLUME_CHANGED', message: /another driver_opts\.type/ });
  t.equal(host.engine.lowestServing(host.host, 'web', 'web'), 1);
});

t.test('reconciler: absence never deletes: an app in no entry keeps running and is unclaimed', async (t) => {
  const host = await world(t);
  host.offer('a');
  await host.assign(release(1, 'a'));
  await host.untilConverged();

  await host.assign();
  await host.until(() => host.report()?.unclaimed === true, 'unclaimed');
  t.equal(host.running(), 'a');
});

t.test(
  'reconciler: a changed entry interrupts a swap under way; the old one serves on, the abandoned one goes',
  async (t) => {
    const host = await world(t);
    host.offer('ac');
    host.offer('b', { healthyAfterMs: null });
    await host.assign(release(1, 'a'));
    await host.untilConverged();
    host.engine.forgetLowest();
    await host.assign(release(2, 'b'));
    await host.until(() => host.running() === 'ab', 'b is in its gate');

    await host.assign(release(3, 'c'));
    await host.untilConverged();

    t.equal(host.containers(), 'c');
    t.equal(host.engine.lowestServing(host.host, 'web', 'web'), 1);
  },
);

t.test('reconciler: what somebody removed by hand is made again, and said', async (t) => {
  const host = await world(t);
  host.offer('a');
  await host.assign(release(1, 'a'));
  await host.untilConverged();

  host.engine.containers.clear();
  host.engine.settle();
  await host.until(() => host.running() === 'a', 'made again');
  await host.untilConverged();
  t.ok(host.events.some(({ event, text }) => event === 'instance-gone' && text.includes('was removed by somebody')));
});

t.test('reconciler: a network that was pruned while the agent was away is made again, and its app runs', async (t) => {
  const host = await world(t);
  host.offer('a');
  await host.assign(release(1, 'a', { services: { web: { version: 'a' }, api: { version: 'a' } } }));
  await host.untilConverged();
  const before = [...host.engine.containers.keys()];

  host.kill();
  for (const each of host.engine.containers.values()) each.stop(Date.now());
  host.engine.pruneNetworks();
  await host.start();
  await host.untilConverged();

  t.equal(host.running() + host.running('api'), 'aa');
  t.same([...host.engine.containers.keys()], before, 'as the same containers');
});

t.test('reconciler: a serving container that somebody disconnects gets its address and names back', async (t) => {
  const host = await world(t);
  host.offer('a');
  await host.assign(release(1, 'a'));
  await host.untilConverged();
  const [container] = host.engine.containers.values();

  container?.disconnect();
  await host.until(() => container?.address === '10.213.0.2', 'connected again');

  t.equal(container?.address, '10.213.0.2');
});

t.test('reconciler: where a container that is not ours holds the spare address, another is taken', async (t) => {
  const host = await world(t, { ingress: true });
  host.offer('abc');
  const services = (version: string): TestEntry['services'] => ({ web: { version, ingress: ROUTE } });
  await host.assign(release(1, 'a', { services: services('a') }));
  await host.untilConverged();

  host.engine.strangers.add('10.213.0.3').add('10.213.0.5');
  await host.assign(release(2, 'b', { services: services('b') }));
  await host.untilConverged();
  t.same(host.ingress?.upstreams, { 'web/web': ['10.213.0.7'] });

  host.engine.strangers.add('10.213.0.6');
  await host.assign(release(3, 'c', { services: services('c') }));
  await host.untilConverged();
  t.equal(host.containers(), 'c');
  t.equal(host.engine.lowestServing(host.host, 'web', 'web'), 1);
});

const PORT: ServiceSpec['ports'] = [{ container: 8080, host: 7_650, hostIp: null, protocol: 'tcp' }];

t.test('reconciler: a host port moves to another service of the app, and back with a failure', async (t) => {
  const host = await world(t);
  host.offer('ab');
  host.offer('c', { exitAfterMs: 0, exitCode: 1 });
  await host.assign(release(1, 'a', { services: { web: { version: 'a', ports: PORT, order: 'stop-first' } } }));
  await host.untilConverged();
  const [first] = host.engine.containers.keys();

  await host.assign(release(2, 'c', { services: { frontend: { version: 'c', ports: PORT, order: 'stop-first' } } }));
  await host.until(
    () => host.report()?.attempt?.state === 'failed' && host.running() === 'a' && host.containers() === 'a',
    'back',
  );
  t.match(host.report()?.attempt?.problem, { code: 'CONTAINER_EXITED' });
  t.same([...host.engine.containers.keys()], [first], 'as the same container');

  const services: TestEntry['services'] = {
    proxy: { version: 'b', ports: PORT, order: 'stop-first', dependsOn: { web: 'healthy' } },
    web: { version: 'b' },
  };
  await host.assign(release(3, 'b', { services }));
  await host.untilConverged();
  t.equal(host.running('proxy') + host.running(), 'bb', 'the old service gave its port to the one in front of it');
  t.equal(host.containers(), 'bb');
});

t.test('reconciler: traffic leaves one unhealthy replica, but never the last', async (t) => {
  const host = await world(t, { ingress: true });
  // Long enough for the whole way to converged on a busy machine.
  host.offer('a', { unhealthyAfterMs: 3_000 });
  await host.assign(release(1, 'a', { services: { web: { version: 'a', ingress: ROUTE } } }));
  await host.untilConverged();
  await host.until(() => host.report()?.instances[0]?.state === 'unhealthy', 'unhealthy');
  t.same(host.ingress?.upstreams, { 'web/web': ['10.213.0.2'] }, 'the only one keeps its traffic');
  t.match(host.report(), { converged: false, waiting: /not healthy/ });
});

t.test('reconciler: requests under way to the old one end before it stops', async (t) => {
  const host = await world(t, { ingress: true });
  host.offer('ab');
  const services = (version: string): TestEntry['services'] => ({
    web: { version, ingress: ROUTE, stopGraceMs: 10_000 },
  });
  await host.assign(release(1, 'a', { services: services('a') }));
  await host.untilConverged();
  host.ingress?.active.set('10.213.0.2', 1);

  await host.assign(release(2, 'b', { services: services('b') }));
  await host.until(
    () => host.report()?.attempt?.release === 2 && host.report()?.attempt?.state === 'passed',
    'passed while the old one drains',
  );
  t.equal(host.running(), 'ab');
  t.equal(host.report()?.converged, true, 'draining does not count');
  t.ok(host.report()?.instances.some((each) => each.state === 'draining'));

  host.ingress?.active.clear();
  await host.until(() => host.containers() === 'b', 'gone');
});

t.test('reconciler: assignments that are not newer are refused, the same one confirms', async (t) => {
  const host = await world(t);
  const assignment = { host: host.host, epoch: 2, generation: 5, entries: [] };
  t.match(await host.process.reconciler.assign(assignment, 'x'), { kind: 'accepted' });
  t.match(await host.process.reconciler.assign(assignment, 'x'), { kind: 'accepted' });
  t.match(await host.process.reconciler.assign(assignment, 'y'), {
    kind: 'refused',
    problem: { message: /other content/ },
  });
  t.match(await host.process.reconciler.assign({ ...assignment, generation: 4 }, 'z'), { kind: 'refused' });
  t.same(host.process.reconciler.currentOrder(), { epoch: 2, generation: 5, hash: 'x' });
  host.kill();
  await host.start();
  t.same(host.process.reconciler.currentOrder(), { epoch: 2, generation: 5, hash: 'x' }, 'it was on the disk');
});

t.test(
  'reconciler: what waits for its window is downloaded ahead, kept, and needs no registry when it comes',
  async (t) => {
    const host = await world(t);
    host.offer('ab');
    await host.assign(release(1, 'a'));
    await host.untilConverged();

    const image = { service: 'web', reference: '127.0.0.1:5000/web:1', digest: digest('b'), platform: null };
    host.prefetch = [{ app: appName('web'), release: 2, images: [image], spreadMs: 40 }];
    await host.assign(release(1, 'a'));
    const hold = `${host.host}/web/web:2`;
    await host.until(() => host.engine.tags.has(hold), 'downloaded and held');

    t.equal(host.running(), 'a', 'nothing of it is started');
    t.match(host.report(), { release: 1, converged: true, waiting: null });
    host.process.stop.abort();
    await host.process.running;
    await host.start();
    host.engine.registry.clear();
    host.prefetch = [];
    await host.assign(release(2, 'b'));
    await host.untilConverged();
    t.equal(host.running(), 'b');
  },
);

t.test(
  'reconciler: a download ahead that cannot be had holds up nothing, and is tried again by the attempt',
  async (t) => {
    const host = await world(t);
    host.offer('a');
    await host.assign(release(1, 'a'));
    await host.untilConverged();

    const image = { service: 'web', reference: '127.0.0.1:5000/web:1', digest: digest('b'), platform: null };
    host.prefetch = [{ app: appName('web'), release: 2, images: [image], spreadMs: 0 }];
    await host.assign(release(1, 'a'));
    await host.until(() => host.faultPoints.has('before:pull') && host.process.reconciler.isQuiet(), 'it was tried');

    t.match(host.report(), { release: 1, converged: true, waiting: null });
    t.ok(host.isConverged());
    host.offer('b');
    await host.assign(release(2, 'b'));
    await host.untilConverged();
    t.equal(host.running(), 'b');
  },
);

t.test('reconciler: a release passes although the one before last is still stopping', async (t) => {
  const host = await world(t, { ingress: true });
  host.offer('abc');
  const entry = (number: number, version: string): ReturnType<typeof aRunEntry> =>
    release(number, version, { services: { web: { version, ingress: ROUTE } } });
  await host.assign(entry(1, 'a'));
  await host.untilConverged();
  const letGo = host.engine.hold('stop');
  t.teardown(letGo);
  const passed = (number: number) => (): boolean => {
    const report = host.report();
    return report?.release === number && report.attempt?.state === 'passed';
  };
  await host.assign(entry(2, 'b'));
  await host.until(passed(2), 'the second release');
  await host.assign(entry(3, 'c'));
  await host.until(passed(3), 'the third one');
  t.equal(host.running(), 'abc', 'both old ones are stopping');
  letGo();
  await host.untilConverged();
  t.equal(host.containers(), 'c');
});
