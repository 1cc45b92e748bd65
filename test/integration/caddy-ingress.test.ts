// The ingress over real sockets (DNS, hold, admin), with a Caddy that only takes configurations.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import { systemClock } from '../../agent/clock.ts';
import { errnoOf } from '../../agent/durable-file.ts';
import type { CaddyIngress } from '../../agent/ingress/caddy-ingress.ts';
import { createIngress, type IngressOptions } from '../../agent/ingress/create-ingress.ts';
import type { IngressApp } from '../../agent/ingress/ingress.ts';
import { routeGroups } from '../../agent/ingress/route-groups.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { FoundProblem } from '../../agent/host-problems.ts';
import { testAuthority } from '../support/test-authority.ts';
import { freePort } from '../support/free-port.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { pollUntil } from '../support/poll-until.ts';

type Teardown = { teardown(work: () => unknown): void };

class Scene {
  readonly proxy = new FakeProxy();
  readonly folder: string;
  readonly host = `h-${randomBytes(8).toString('hex')}` as HostId;
  readonly #t: Teardown;
  #port: number | null = null;

  private constructor(t: Teardown, folder: string) {
    this.#t = t;
    this.folder = folder;
  }

  static async open(t: Teardown): Promise<Scene> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ingress-'));
    const scene = new Scene(t, folder);
    t.teardown(async () => {
      for (const { engineId } of await scene.proxy.list()) await scene.proxy.remove(engineId);
      await rm(folder, { recursive: true, force: true });
    });
    return scene;
  }

  async agent(changes: Partial<IngressOptions> = {}): Promise<CaddyIngress> {
    const ingress = await createIngress({
      host: this.host,
      folder: this.folder,
      containers: this.proxy,
      clock: systemClock,
      random: () => 0.5,
      images: ['caddy:2'],
      httpPort: (this.#port ??= await freePort()),
      httpsPort: null,
      ...changes,
    });
    this.#t.teardown(() => ingress.close());
    return ingress;
  }

  /**
   * The answerer's port is one of those that the system gives to nobody else between two agents. For tests in which the
   * second must find it free; in the others the first agent chooses.
   */
  async holdPort(): Promise<void> {
    await writeFile(path.join(this.folder, 'answerer-port'), `${await freePort()}\n`);
  }

  async lookup(apps: readonly IngressApp[]): Promise<readonly string[] | string> {
    const label = routeGroups(apps)[0]?.sources[0]?.label ?? '';
    const port = (await readFile(path.join(this.folder, 'answerer-port'), 'utf8')).trim();
    const resolver = new Resolver({ tries: 1, timeout: 2_000 });
    resolver.setServers([`127.0.0.1:${port}`]);
    return resolver.resolve4(`${label}.upstream.longshore.internal`).catch((error: unknown) => errnoOf(error) ?? '');
  }

  epochFolder(apps: readonly IngressApp[]): string {
    return path.join(this.folder, 'shared', 'epochs', routeGroups(apps)[0]?.key ?? '');
  }

  async epochs(apps: readonly IngressApp[]): Promise<readonly string[]> {
    return (await readdir(this.epochFolder(apps))).sort();
  }

  hold(apps: readonly IngressApp[]): Promise<number> {
    const key = routeGroups(apps)[0]?.key ?? '';
    return new Promise((resolve, reject) => {
      http
        .get({ socketPath: path.join(this.folder, 'shared', 'hold.sock'), path: `/hold/${key}` }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
        .on('error', reject);
    });
  }
}

const apps = (host = 'shop.test', graceMs = 1_000): readonly IngressApp[] => [
  {
    app: 'shop' as AppName,
    graceMs,
    services: [
      {
        service: 'web',
        addresses: ['10.0.0.2', '10.0.0.3'],
        routes: [{ host, path: '/', port: 80, tls: 'off', weight: 1, stripPrefix: false }],
      },
    ],
  },
];

t.test('CaddyIngress: an equal configuration is not loaded again, addresses are no part of it', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();

  await ingress.configure(apps());
  await ingress.configure(
    apps().map((app) => ({ ...app, services: app.services.map((one) => ({ ...one, addresses: [] })) })),
  );
  t.equal(scene.proxy.loads.length, 1);
  await ingress.configure(apps('other.test'));
  t.equal(scene.proxy.loads.length, 2);
  t.equal(await readFile(path.join(scene.folder, 'shared', 'caddy.json'), 'utf8'), scene.proxy.loads[1]);
});

t.test('CaddyIngress: who serves a place, and with which share, needs no load', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  await ingress.configure(apps());
  await ingress.publish({ 'blog/web': ['10.0.0.9'] });
  t.same(await scene.lookup(apps()), ['255.255.255.255']);

  await ingress.configure(apps().map((app) => ({ ...app, app: 'blog' as AppName })));
  t.same(await scene.lookup(apps()), ['10.0.0.9']);
  t.equal(scene.proxy.loads.length, 1);
});

t.test('CaddyIngress: while a route goes to another port, both are answered by those who serve them', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  const at = (port: number): readonly IngressApp[] =>
    apps().map((app) => ({
      ...app,
      services: app.services.map((one) => ({ ...one, routes: one.routes.map((route) => ({ ...route, port })) })),
    }));
  await ingress.configure(at(80));
  await ingress.publish({ 'shop/web': ['10.0.0.2'] });
  await ingress.publish({ 'shop/web': ['10.0.0.3'], 'shop/web:80': ['10.0.0.2'] });
  t.same(await scene.lookup(at(80)), ['10.0.0.2'], 'the old port leads to the old instance');

  const during: unknown[] = [];
  scene.proxy.onLoad = async () => void during.push(await scene.lookup(at(80)), await scene.lookup(at(90)));
  await ingress.configure(at(90));
  t.same(during, [['10.0.0.2'], ['10.0.0.3']]);
  await ingress.publish({ 'shop/web': ['10.0.0.3'] });
  t.same(await scene.lookup(at(90)), ['10.0.0.3']);
});

t.test('CaddyIngress: leaves out what an old Caddy does not know, and remembers it', async (t) => {
  const scene = await Scene.open(t);
  await scene.holdPort();
  scene.proxy.unknownFields = ['stream_close_delay', 'versions'];
  const first = await scene.agent();
  await first.configure(apps());
  t.equal(scene.proxy.loads.length, 1);
  t.notMatch(scene.proxy.loads[0], /stream_close_delay/);
  await first.close();

  // A Caddy that would take all now is asked no more than it was known to take.
  scene.proxy.unknownFields = [];
  const second = await scene.agent();
  await second.configure(apps());
  t.equal(scene.proxy.loads[1], scene.proxy.loads[0]);
});

t.test('CaddyIngress: a refused configuration changes nothing', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  await ingress.configure(apps());
  await ingress.publish({ 'shop/web': ['10.0.0.2'] });
  scene.proxy.refuses = 'bad.test';

  await t.rejects(ingress.configure(apps('bad.test')), { code: 'INGRESS_REFUSED', message: /no such thing/ });
  t.same(await scene.lookup(apps()), ['10.0.0.2'], 'the old routes have their addresses');
  t.notMatch(await readFile(path.join(scene.folder, 'shared', 'caddy.json'), 'utf8'), /bad\.test/);
  await ingress.configure(apps('good.test'));
  t.same(await scene.lookup(apps('good.test')), ['10.0.0.2'], 'and the next one is taken');
});

t.test('CaddyIngress: each change of an answer begins an epoch, and nothing else does', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  await ingress.configure(apps());
  const seen: (string | undefined)[] = [];
  for (const addresses of [['10.0.0.2'], ['10.0.0.2'], ['10.0.0.3'], []]) {
    await ingress.publish({ 'shop/web': addresses });
    seen.push((await scene.epochs(apps()))[0]);
  }

  const [first = '', same, second = '', third = ''] = seen;
  t.equal(same, first);
  t.ok(third < second && second < first, 'the newest is the first by name');
  t.same(await scene.epochs(apps()), [third, second], 'the one before stays for who has read the list');
  await ingress.close();
  const next = await scene.agent();
  await next.publish({});
  t.ok(((await scene.epochs(apps()))[0] ?? '') < third, 'a new agent does not know what Caddy remembers');
  await next.configure(apps('other.test'));
  t.same(await scene.epochs(apps()).catch(() => 'gone'), 'gone');
});

t.test(
  'CaddyIngress: an epoch that cannot be written fails the publication, and the next one makes up for it',
  async (t) => {
    const scene = await Scene.open(t);
    const ingress = await scene.agent();
    await ingress.configure(apps());
    await ingress.publish({ 'shop/web': ['10.0.0.2'] });
    const [before = ''] = await scene.epochs(apps());
    // The next name is taken by a folder.
    const next = (Number.parseInt(before, 36) - 1).toString(36).padStart(9, '0');
    await mkdir(path.join(scene.epochFolder(apps()), next));

    await t.rejects(ingress.publish({ 'shop/web': ['10.0.0.3'] }), { code: 'STATE_FILE_INVALID' });
    await rmdir(path.join(scene.epochFolder(apps()), next));
    await ingress.publish({ 'shop/web': ['10.0.0.3'] });
    t.equal((await scene.epochs(apps()))[0], next);
  },
);

t.test('CaddyIngress: folders that somebody emptied are filled again', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent({ watchMs: 20 });
  await ingress.configure(apps());
  await ingress.publish({ 'shop/web': ['10.0.0.2'] });
  await ingress.setReady(['shop' as AppName]);
  const shared = path.join(scene.folder, 'shared');
  const [before = ''] = await scene.epochs(apps());
  const empty = async (): Promise<void> => {
    await rm(path.join(shared, 'epochs'), { recursive: true });
    await rm(path.join(shared, 'ready'), { recursive: true });
  };

  await empty();
  await ingress.publish({ 'shop/web': ['10.0.0.3'] });
  await ingress.setReady(['shop' as AppName, 'blog' as AppName]);
  const [published = ''] = await scene.epochs(apps());
  t.ok(published < before, 'a publication does not fail');
  t.equal((await readdir(path.join(shared, 'ready'))).length, 3);

  const end = new AbortController();
  const running = ingress.run(() => undefined, end.signal);
  await empty();
  const listed = (names: Promise<readonly string[]>): Promise<readonly string[]> => names.catch(() => []);
  await pollUntil(
    () => listed(readdir(path.join(shared, 'ready'))),
    (names) => names.length === 3,
  );
  await pollUntil(
    () => listed(scene.epochs(apps())),
    ([newest = published]) => newest < published,
  );
  t.pass('and a look finds what is gone');
  end.abort();
  await running;
});

t.test('CaddyIngress: before the first publication it knows nothing, and says so', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  await ingress.configure(apps());

  t.equal(await scene.lookup(apps()), 'ESERVFAIL');
  t.equal(await scene.hold(apps()), 404);
  await ingress.publish({});
  t.equal(await scene.hold(apps()), 503);
  await ingress.publish({ 'shop/web': ['10.0.0.2'] });
  t.equal(await scene.hold(apps()), 200);
});

t.test('CaddyIngress: a new agent publishes by what the old one configured', async (t) => {
  const scene = await Scene.open(t);
  await scene.holdPort();
  const first = await scene.agent();
  await first.configure(apps());
  await first.publish({ 'shop/web': ['10.0.0.2'] });
  const port = await readFile(path.join(scene.folder, 'answerer-port'), 'utf8');
  await first.close();
  const hosts = await readFile(path.join(scene.folder, 'hosts'), 'utf8');
  t.match(hosts, /^10\.0\.0\.2 [0-9a-f]{16}\.fallback\.longshore\.internal$/m, 'the fallback stays');

  const second = await scene.agent();
  t.equal(await readFile(path.join(scene.folder, 'answerer-port'), 'utf8'), port);
  await second.publish({ 'shop/web': ['10.0.0.3'] });
  t.same(await scene.lookup(apps()), ['10.0.0.3']);
  t.equal((await scene.proxy.list()).length, 1, 'the container is adopted');
});

t.test('CaddyIngress: a new agent that does not see its containers yet lets requests wait', async (t) => {
  const scene = await Scene.open(t);
  const first = await scene.agent();
  await first.configure(apps());
  await first.publish({ 'shop/web': ['10.0.0.2'] });
  await first.close();

  const second = await scene.agent();
  await second.publish({});
  const held = scene.hold(apps());
  t.equal(await scene.lookup(apps()), 'ENOTFOUND');
  await second.publish({ 'shop/web': ['10.0.0.2'] });
  t.equal(await held, 200);
});

t.test('CaddyIngress: what is held ends by itself', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent({ holdMs: 50 });
  await ingress.configure(apps());
  await ingress.publish({ 'shop/web': ['10.0.0.2'] });
  await ingress.publish({});

  t.equal(await scene.hold(apps()), 503);
  t.same(await scene.lookup(apps()), ['255.255.255.255']);
});

t.test('CaddyIngress: keeps its container running', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  const end = new AbortController();
  const problems: Problem[] = [];
  const running = ingress.run((problem) => problem !== null && problems.push(problem), end.signal);
  await pollUntil(
    async () => scene.proxy.loads.length,
    (loads) => loads === 1,
  );

  await scene.proxy.die('i1');
  await pollUntil(
    async () => scene.proxy.log.filter((line) => line === 'start i1').length,
    (starts) => starts === 2,
  );
  end.abort();
  await running;
  t.same(problems, []);
});

t.test('CaddyIngress: says whether it serves, and says again when it does', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent({ watchMs: 20 });
  const end = new AbortController();
  const states: (string | null)[] = [];
  const running = ingress.run((problem) => states.push(problem?.message ?? null), end.signal);
  const saying = (message: RegExp | null): Promise<unknown> =>
    pollUntil(
      async () => states.at(-1),
      (state) => (message === null ? state === null : message.test(state ?? '')),
    );
  await saying(null);

  const stranger = http.createServer((_request, response) => response.end('hello'));
  const { port } = await scene.proxy.replaceFront(stranger);
  t.teardown(() => stranger.close());
  await saying(new RegExp(`port ${port} of .* is answered by another program`));
  await new Promise((done) => stranger.close(done));
  await saying(new RegExp(`port ${port} of .* is not open`));
  scene.proxy.isSilent = true;
  await saying(/its admin socket does not answer/);
  end.abort();
  await running;
});

t.test('CaddyIngress: a configuration that somebody else loaded is replaced', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent({ watchMs: 20 });
  await ingress.configure(apps());
  const end = new AbortController();
  const running = ingress.run(() => undefined, end.signal);
  scene.proxy.elsewhere = '{"apps":{}}';
  await pollUntil(
    async () => scene.proxy.loads.length,
    (loads) => loads === 2,
  );
  end.abort();
  await running;
  t.equal(scene.proxy.loads[0], scene.proxy.loads[1]);
});

t.test('CaddyIngress: own certificates are loaded as they change, without a restart', async (t) => {
  const scene = await Scene.open(t);
  const own = path.join(scene.folder, 'own');
  await mkdir(own);
  await writeFile(path.join(own, 'bad.pem'), 'not a certificate');
  const found: FoundProblem[][] = [];
  const ingress = await scene.agent({
    certificates: own,
    httpsPort: await freePort(),
    watchMs: 20,
    onCertificates: (now) => found.push([...now]),
  });
  const end = new AbortController();
  const running = ingress.run(() => undefined, end.signal);
  await pollUntil(async () => scene.proxy.loads.at(-1) ?? '', Boolean);
  t.match(found.at(-1), [{ text: /bad\.pem cannot be used/ }]);
  t.notMatch(scene.proxy.loads.at(-1), /load_files/);

  const { cert, key } = testAuthority(['shop.test']);
  await writeFile(path.join(own, 'bad.pem'), cert + key);
  await pollUntil(
    async () => scene.proxy.loads.at(-1) ?? '',
    (load) => load.includes('load_files'),
  );
  t.same(found.at(-1), []);
  end.abort();
  await running;
});

t.test('CaddyIngress: a container that the engine does not start again is made anew', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  const end = new AbortController();
  const problems: Problem[] = [];
  const running = ingress.run((problem) => problem !== null && problems.push(problem), end.signal);
  const loaded = (count: number): Promise<number> =>
    pollUntil(
      async () => scene.proxy.loads.length,
      (loads) => loads === count,
    );
  await loaded(1);

  scene.proxy.stuck.add('i1');
  await scene.proxy.die('i1');
  await loaded(2);
  end.abort();
  await running;
  t.same(scene.proxy.log, ['create i1', 'start i1', 'remove i1', 'create i2', 'start i2']);
  t.same(problems, []);
});

t.test('CaddyIngress: a container of another image starts before the old one goes', async (t) => {
  const scene = await Scene.open(t);
  const first = await scene.agent();
  await first.configure(apps());
  await first.close();

  const second = await scene.agent({ images: ['caddy:2.11'] });
  const end = new AbortController();
  const running = second.run(() => undefined, end.signal);
  await pollUntil(async () => scene.proxy.log.includes('remove i1'), Boolean);
  end.abort();
  await running;

  t.same(scene.proxy.log, ['create i1', 'start i1', 'create i2', 'start i2', 'remove i1']);
  t.match(await scene.proxy.list(), [{ engineId: 'i2', name: `longshore-${scene.host}-ingress`, running: true }]);
});

t.test('CaddyIngress: counts the requests to an address over its ports', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  t.equal(await ingress.activeRequests('10.0.0.2'), null, 'it cannot say while Caddy is not there');
  await ingress.configure([]);
  scene.proxy.upstreams = [
    { address: '10.0.0.2:80', num_requests: 2 },
    { address: '10.0.0.2:81', num_requests: 1 },
    { address: '10.0.0.20:80', num_requests: 7 },
  ];

  t.equal(await ingress.activeRequests('10.0.0.2'), 3);
  t.equal(await ingress.activeRequests('10.0.0.9'), 0);
});

t.test('CaddyIngress: before a power-off nothing is ready any more, whatever comes later', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  const flags = (): Promise<string[]> => readdir(path.join(scene.folder, 'shared', 'ready'));
  t.equal(await ingress.requestsUnderWay(), null, 'it cannot say while Caddy is not there');
  await ingress.configure([]);
  await ingress.setReady(['shop' as AppName]);
  t.equal((await flags()).length, 2, 'the app and the host');
  scene.proxy.upstreams = [
    { address: '10.0.0.2:80', num_requests: 2 },
    { address: '10.0.0.20:80', num_requests: 7 },
  ];

  // At the same moment, as the reconciler does.
  const [wasReady] = await Promise.all([ingress.stopBeingReady(), ingress.setReady(['shop' as AppName])]);
  await ingress.setReady(['shop' as AppName, 'blog' as AppName]);

  t.equal(wasReady, true);
  t.same(await flags(), []);
  t.equal(await ingress.requestsUnderWay(), 9);
  t.equal(await ingress.stopBeingReady(), false);
});

t.test('CaddyIngress: a host that an operator removed is not ready, until it is in the fleet again', async (t) => {
  const scene = await Scene.open(t);
  const ingress = await scene.agent();
  const flags = (): Promise<string[]> => readdir(path.join(scene.folder, 'shared', 'ready'));
  await ingress.configure([]);
  await ingress.setReady(['shop' as AppName]);

  await ingress.setInFleet(false);
  t.same(await flags(), []);
  await ingress.setReady(['shop' as AppName, 'blog' as AppName]);
  t.same(await flags(), [], 'whatever comes later');

  await ingress.setInFleet(true);
  t.equal((await flags()).length, 3, 'both apps and the host');
  await ingress.stopBeingReady();
  await ingress.setInFleet(false);
  await ingress.setInFleet(true);
  t.same(await flags(), [], 'a power-off holds');
});

t.test('createIngress: a folder whose path is too long for a socket is refused', async (t) => {
  const scene = await Scene.open(t);

  await t.rejects(scene.agent({ folder: path.join(scene.folder, 'x'.repeat(100)) }), { code: 'CONFIG_INVALID' });
});
