// What the ingress promises besides swaps, with the real Caddy and real containers: routes, shares, TLS, readiness,
// drains, and what happens while the agent or Caddy is away.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import t from 'tap';
import type { IngressApp } from '../../agent/ingress/ingress.ts';
import { engineForTests, needed } from '../support/engine.ts';
import { freePort } from '../support/free-port.ts';
import { appName, IngressStage, route, until } from '../support/ingress-stage.ts';
import { testAuthority } from '../support/test-authority.ts';

const { engine, skip } = await engineForTests();

/** One app with one service for each entry. */
function shop(services: IngressApp['services'], graceMs = 10_000): IngressApp {
  return { app: appName('shop'), graceMs, services };
}

const web = (routes: IngressApp['services'][number]['routes']): IngressApp['services'][number] => ({
  service: 'web',
  routes,
  addresses: [],
});

t.test('ingress: routes by host name and longest prefix', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker);
  t.teardown(() => stage.close());
  await Promise.all([stage.startApp('web', 2), stage.startApp('api', 3), stage.startApp('any', 4)]);
  await stage.ingress.configure([
    shop([
      web([route('shop.test')]),
      {
        service: 'api',
        addresses: [],
        routes: [route('shop.test', { path: '/api', stripPrefix: true }), route('shop.test', { path: '/api/raw' })],
      },
    ]),
    {
      app: appName('other'),
      graceMs: 1_000,
      services: [{ service: 'any', addresses: [], routes: [route('*'), route('v1.test', { path: '/only' })] }],
    },
  ]);
  await stage.ingress.publish({
    'shop/web': [stage.address(2)],
    'shop/api': [stage.address(3)],
    'other/any': [stage.address(4)],
  });

  t.equal(await stage.who('shop.test'), 'web');
  t.equal(await stage.who('SHOP.test', '/apis'), 'web', 'a prefix ends at a slash');
  t.equal(await stage.who('elsewhere.test', '/any/thing'), 'any');
  t.equal(await stage.who('v1.test', '/only/this'), 'any');
  t.equal(await stage.who('v1.test', '/else'), '404', 'a name that a route names is not "any other"');
  const stripped = JSON.parse((await stage.request('shop.test', '/api/cart?id=1')).body) as {
    readonly name: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  t.match(stripped, { name: 'api', url: '/cart?id=1' });
  t.match(stripped.headers, {
    host: 'shop.test',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-prefix': '/api',
  });
  const raw = JSON.parse((await stage.request('shop.test', '/api/raw/1')).body) as { readonly url: string };
  t.equal(raw.url, '/api/raw/1');
});

t.test('ingress: shares by weight and replicas, also over different ports', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker, { holdMs: 0 });
  t.teardown(() => stage.close());
  await Promise.all([2, 3, 4, 5].map((n) => stage.startApp(n === 5 ? 'late' : n === 4 ? 'new' : 'old', n)));
  const service = (name: string, weight: number, port = 8080): IngressApp['services'][number] => ({
    service: name,
    addresses: [],
    routes: [route('shop.test', { weight, port })],
  });
  await stage.ingress.configure([shop([service('old', 9), service('new', 1)])]);
  await stage.ingress.publish({ 'shop/old': [stage.address(2), stage.address(3)], 'shop/new': [stage.address(4)] });
  const counts = await tally(stage, 400);
  t.ok(Math.abs((counts.get('new') ?? 0) - 40) <= 8, `new got ${counts.get('new')} of 400`);

  // 8081 is where nobody listens: that it is asked at all shows that both ports are in the turn.
  await stage.ingress.configure([shop([service('old', 1), service('late', 1, 8081)])]);
  await stage.ingress.publish({ 'shop/old': [stage.address(2)], 'shop/late': [] });
  t.same([...(await tally(stage, 20)).keys()], ['old'], 'a port without an address takes no share');
  await stage.ingress.publish({ 'shop/old': [stage.address(2)], 'shop/late': [stage.address(5)] });
  t.same([...(await tally(stage, 20)).keys()], ['old'], 'a refused connection goes to the other');
  await stage.ingress.publish({});
  t.equal((await stage.request('shop.test', '/')).status, 503);
});

t.test('ingress: a page when nothing is healthy, and requests that wait for a moment', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker, { holdMs: 5_000 });
  t.teardown(() => stage.close());
  await stage.startApp('web', 2);
  await stage.ingress.configure([shop([web([route('shop.test')])])]);

  await stage.ingress.publish({});
  const never = await stage.request('shop.test', '/', { method: 'POST', body: 'x' });
  t.match(never, { status: 503, headers: { 'retry-after': '5', 'content-type': /html/ }, body: /Back in a moment/ });
  t.ok(never.tookMs < 2_000, `at once: ${never.tookMs.toFixed()} ms`);

  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });
  t.equal(await stage.who('shop.test'), 'web');
  await stage.ingress.publish({});
  let answered = false;
  const held = stage.request('shop.test', '/', { method: 'POST', body: 'held' });
  void held.then(() => (answered = true));
  await stage.request('nobody.test', '/');
  t.notOk(answered, 'a request waits for the swap to end');
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });
  t.match(JSON.parse((await held).body), { name: 'web', bytes: 4 });

  await stage.ingress.publish({});
  t.equal((await stage.request('shop.test', '/')).status, 503, 'but not for ever');
  const down = await stage.request('shop.test', '/');
  t.ok(down.status === 503 && down.tookMs < 2_000, `then at once again: ${down.tookMs.toFixed()} ms`);
});

t.test('ingress: a request that the app broke off is not sent again', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker);
  t.teardown(() => stage.close());
  await stage.startApp('web', 2);
  await stage.ingress.configure([shop([web([route('shop.test')])])]);
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });

  for (const method of ['GET', 'POST']) {
    const reply = await stage.request('shop.test', '/break', { method, ...(method === 'POST' ? { body: 'x' } : {}) });
    t.match(reply, { status: 502, body: /did not answer/ }, method);
  }
  t.equal((await stage.request('shop.test', '/broken')).body, '2', 'each reached the app once');
  t.equal(await stage.who('shop.test'), 'web', 'and it still gets requests');
});

t.test('ingress: TLS by its own authority, and the way to it', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker);
  t.teardown(() => stage.close());
  await stage.startApp('web', 2);
  await stage.ingress.configure([
    shop([
      web([
        route('shop.test', { tls: 'internal' }),
        route('*.shop.test', { tls: 'internal' }),
        route('plain.shop.test'),
        route('plain.test'),
        route('localhost', { tls: 'auto' }),
      ]),
    ]),
  ]);
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });

  const plain = await stage.request('shop.test', '/a?b=1');
  t.match(plain, { status: 308, headers: { location: `https://shop.test:${stage.httpsPort}/a?b=1` } });
  t.equal(await stage.who('plain.test'), 'web');
  await until(async () => (await tlsIssuer(stage, 'shop.test')) !== null, 'the certificate of shop.test');
  t.match(await tlsIssuer(stage, 'shop.test'), /Caddy Local Authority/);
  const secure = await secureGet(stage, 'shop.test');
  t.match(secure, { name: 'web', headers: { 'x-forwarded-proto': 'https' } });
  await until(async () => (await tlsIssuer(stage, 'any.shop.test')) !== null, 'the certificate of *.shop.test');
  t.match(await secureGet(stage, 'any.shop.test'), { name: 'web' });
  t.equal(await stage.who('plain.shop.test'), 'web');
  t.match(await secureAnswer(stage, 'plain.shop.test'), /^404 /, 'the wildcard does not answer for a plain host');
});

t.test('ingress: readiness by flag, for each app and for the host', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker);
  t.teardown(() => stage.close());
  await stage.ingress.configure([]);
  const status = async (url: string, port = stage.httpPort): Promise<number> =>
    (await stage.request('10.1.2.3', url, { port })).status;

  t.equal(await status('/.longshore/ready'), 503);
  await stage.ingress.setReady([appName('shop'), appName('blog')]);
  t.equal(await status('/.longshore/ready'), 200);
  t.equal(await status('/.longshore/ready', stage.healthPort), 200);
  t.equal(await status('/.longshore/ready/shop'), 200);
  t.not(await status('/.longshore/ready/..%2fcaddy.json'), 200, 'no other file can be asked for');
  t.equal(await status('/.longshore/ready/_host'), 503);
  await stage.ingress.setReady([appName('blog')]);
  t.equal(await status('/.longshore/ready/shop'), 503, 'a drain takes effect at once');
  t.equal(await status('/.longshore/ready/blog', stage.healthPort), 200);
  await stage.stopAgent();
  t.equal(await status('/.longshore/ready/blog'), 200, 'it holds while the agent is away');
  t.equal(await status('/.longshore/alive', stage.healthPort), 200);
});

t.test('ingress: a drain waits for a slow request', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker);
  t.teardown(() => stage.close());
  await Promise.all([stage.startApp('old', 2), stage.startApp('new', 3)]);
  await stage.ingress.configure([shop([web([route('shop.test')])])]);
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });

  const slow = stage.request('shop.test', '/?late=5000', { method: 'POST', body: 'slow' });
  await until(async () => (await stage.ingress.activeRequests(stage.address(2))) === 1, 'the request to be counted');
  await stage.ingress.publish({ 'shop/web': [stage.address(3)] });
  t.equal(await stage.who('shop.test'), 'new');
  t.equal(await stage.ingress.activeRequests(stage.address(2)), 1);
  t.match(JSON.parse((await slow).body), { name: 'old', bytes: 4 });
  t.equal(await stage.ingress.activeRequests(stage.address(2)), 0);
});

t.test('ingress: without the agent it serves by the last addresses, and takes up again', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker);
  t.teardown(() => stage.close());
  await Promise.all([stage.startApp('blue', 2), stage.startApp('green', 3)]);
  const apps = [
    shop([
      web([route('shop.test')]),
      { service: 'api', addresses: [], routes: [route('shop.test', { path: '/api', stripPrefix: true })] },
    ]),
  ];
  await stage.ingress.configure(apps);
  const served = (n: number): Record<string, readonly string[]> => ({
    'shop/web': [stage.address(n)],
    'shop/api': [stage.address(n)],
  });
  await stage.ingress.publish(served(2));
  await stage.stopAgent();

  const away = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      stage.request(
        'shop.test',
        index % 2 === 0 ? '/' : '/api/x',
        index % 3 === 0 ? { method: 'POST', body: 'abc' } : {},
      ),
    ),
  );
  t.same([...new Set(away.map(({ status }) => status))], [200]);
  t.equal((JSON.parse(away[1]?.body ?? '{}') as { url: string }).url, '/x', 'paths are treated alike');

  await stage.startAgent();
  t.equal(
    await stage.who('shop.test', '/', { method: 'POST', body: 'abc' }),
    'blue',
    'there, but nothing published yet',
  );
  await stage.ingress.publish(served(3));
  t.equal(await stage.who('shop.test'), 'green', 'a publication counts before `configure`');
  await stage.ingress.configure(apps);
  t.equal(await stage.who('shop.test', '/api'), 'green');
  t.same(stage.problems, []);
});

t.test('ingress: Caddy that dies comes back with its routes', { skip }, async (t) => {
  const { docker } = needed(engine);
  const stage = await IngressStage.open(docker);
  t.teardown(() => stage.close());
  await stage.startApp('web', 2);
  await stage.ingress.configure([shop([web([route('shop.test')])])]);
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });
  const serving = async (): Promise<boolean> => (await stage.who('shop.test').catch(() => '')) === 'web';
  const container = docker.getContainer(`longshore-${stage.host}-ingress`);

  const { State: before } = await container.inspect();
  process.kill(before.Pid, 'SIGKILL');
  await until(async () => (await container.inspect()).State.Pid !== before.Pid && (await serving()), 'its return');
  await container.remove({ force: true });
  await until(serving, 'a new one');
  await stage.ingress.configure([shop([web([route('shop.test'), route('more.test')])])]);
  t.equal(await stage.who('more.test'), 'web');
});

t.test('ingress: another container of Caddy takes over the ports from the old one', { skip }, async (t) => {
  const { docker } = needed(engine);
  const stage = await IngressStage.open(docker);
  t.teardown(() => stage.close());
  await stage.startApp('web', 2);
  await stage.ingress.configure([shop([web([route('shop.test')])])]);
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });
  const slow = stage.request('shop.test', '/?late=5000');
  await until(async () => (await stage.ingress.activeRequests(stage.address(2))) === 1, 'a running request');
  const name = `longshore-${stage.host}-ingress`;
  const first = (await docker.getContainer(name).inspect()).Id;
  await stage.stopAgent();

  await docker
    .getImage((await docker.getContainer(name).inspect()).Config.Image)
    .tag({ repo: `longshore.local/${stage.host}`, tag: 'caddy' });
  t.teardown(() => docker.getImage(`longshore.local/${stage.host}:caddy`).remove());
  await stage.startAgent({ images: [`longshore.local/${stage.host}:caddy`] });
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });
  let asked = 0;
  const answers = new Map<string, number>();
  await until(async () => {
    const answer = await stage.who('shop.test').catch((error: unknown) => String(error));
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    asked++;
    return docker
      .getContainer(first)
      .inspect()
      .then(
        () => false,
        () => true,
      );
  }, 'the first one to go');

  t.not((await docker.getContainer(name).inspect()).Id, first);
  t.equal((await slow).status, 200, 'a running request is finished by the old one');
  // New connections in the old one's queue are lost when it closes; few, and only now.
  t.ok((answers.get('web') ?? 0) >= asked - 3, `${asked} requests meanwhile: ${JSON.stringify([...answers])}`);
  t.equal(await stage.who('shop.test'), 'web');
  t.same(stage.problems, []);
});

t.test('ingress: one bad certificate takes out only its own names', { skip }, async (t) => {
  const { docker } = needed(engine);
  const certificates = await mkdtemp(path.join(os.tmpdir(), 'certificates-'));
  t.teardown(() => rm(certificates, { recursive: true, force: true }));
  const [good, bad] = [testAuthority(['good.test']), testAuthority(['bad.test'])];
  await writeFile(path.join(certificates, 'good.pem'), good.cert + good.key);
  await writeFile(path.join(certificates, 'bad.pem'), bad.cert + good.key);
  const stage = await IngressStage.open(docker, { certificates, watchMs: 100 });
  t.teardown(() => stage.close());
  await stage.startApp('web', 2);
  await stage.ingress.configure([
    shop([web([route('good.test', { tls: 'auto' }), route('bad.test', { tls: 'auto' }), route('plain.test')])]),
  ]);
  await stage.ingress.publish({ 'shop/web': [stage.address(2)] });
  t.equal(await stage.who('plain.test'), 'web');
  t.match(await tlsIssuer(stage, 'good.test'), /test root/);
  t.match(await secureGet(stage, 'good.test'), { name: 'web' });
  await until(async () => stage.state === null, 'it to find that it serves');

  // Whatever becomes of the files, Caddy starts again by itself.
  await writeFile(path.join(certificates, 'good.pem'), 'no certificate any more');
  await docker.getContainer(`longshore-${stage.host}-ingress`).restart({ t: 1 });
  await until(async () => (await stage.who('plain.test').catch(() => '')) === 'web', 'its return');
  t.match(await tlsIssuer(stage, 'good.test'), /test root/);
});

t.test('ingress: a port that another program holds is named', { skip }, async (t) => {
  const { docker } = needed(engine);
  const first = await IngressStage.open(docker);
  t.teardown(() => first.close());
  await first.ingress.configure([]);
  const second = await IngressStage.open(docker, { httpPort: first.httpPort, httpsPort: await freePort() });
  t.teardown(() => second.close());

  await t.rejects(second.ingress.configure([]), {
    code: 'PORT_IN_USE',
    message: `start the ingress: port ${first.httpPort} is taken by another program`,
  });
});

async function tally(stage: IngressStage, requests: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let sent = 0; sent < requests; sent++) {
    const name = await stage.who('shop.test');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function tlsIssuer(stage: IngressStage, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const sent = https.get(
      {
        host: '127.0.0.1',
        port: stage.httpsPort,
        servername: host,
        headers: { host },
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        const { socket } = response;
        resolve(socket instanceof TLSSocket ? String(socket.getPeerCertificate().issuer.CN) : null);
        response.resume();
      },
    );
    sent.on('error', () => resolve(null));
  });
}

async function secureGet(stage: IngressStage, host: string): Promise<unknown> {
  return JSON.parse((await secureAnswer(stage, host)).replace(/^200 /, ''));
}

/** Status and body. */
function secureAnswer(stage: IngressStage, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: stage.httpsPort,
      servername: host,
      headers: { host },
      rejectUnauthorized: false,
      agent: false as const,
    };
    https
      .get(options, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        response.on('end', () => resolve(`${response.statusCode ?? 0} ${body}`));
      })
      .on('error', reject);
  });
}
