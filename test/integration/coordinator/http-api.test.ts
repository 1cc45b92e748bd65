import { once } from 'node:events';
import net from 'node:net';
import t from 'tap';
import type { MeasuredRequest } from '../../../coordinator/http/measure-requests.ts';
import { LongshoreError } from '../../../fleet/errors.ts';
import { ROUTES } from '../../../protocol/http-api/routes.ts';
import type { Route } from '../../../protocol/http-api/route.ts';
import { aService, anAppSpec } from '../../support/app-builders.ts';
import { fakeCommands } from '../../support/fake-commands.ts';
import { openApiStage } from '../../support/api-stage.ts';
import { pollUntil } from '../../support/poll-until.ts';
import { aHostView } from '../../support/views.ts';

const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const json = { 'content-type': 'application/json' };

t.test('http: every route but the public ones refuses a call without a token, and says how', async (t) => {
  const { url } = await openApiStage(t, { commands: fakeCommands({}) });

  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    if (route.access === 'public') continue;
    const response = await fetch(url + route.path.replaceAll(/\{[a-z]+\}/g, 'x'), {
      method: route.method,
      headers: json,
      ...(route.body === null ? {} : { body: '{}' }),
    });
    t.equal(response.status, 401, name);
    t.match(await response.json(), { code: 'UNAUTHENTICATED', hint: /login/ });
  }
});

t.test('http: each answer is told by the pattern of its route, as the table of routes has it', async (t) => {
  const told: MeasuredRequest[] = [];
  const { url } = await openApiStage(t, {
    commands: fakeCommands({ listHosts: () => Promise.resolve({ items: [], next: null }) }),
    onAnswered: (request) => told.push(request),
  });
  const routes = Object.values(ROUTES) as readonly Route[];
  for (const { method, path } of routes) {
    const response = await fetch(url + path.replaceAll(/\{[a-z]+\}/g, 'x'), { method, headers: json });
    await response.arrayBuffer();
  }
  await (await fetch(`${url}/v1/hosts`, { headers: as('viewer') })).arrayBuffer();
  await (await fetch(`${url}/wp-login.php`)).arrayBuffer();

  await pollUntil(
    () => Promise.resolve(told.length),
    (count) => count === routes.length + 2,
  );
  const named = told.map(({ method, route }) => `${method} ${route ?? '-'}`);
  t.same(named.slice(0, routes.length).toSorted(), routes.map(({ method, path }) => `${method} ${path}`).toSorted());
  t.match(
    told.slice(-2).toSorted((a, b) => a.status - b.status),
    [
      { route: '/v1/hosts', status: 200, seconds: Number },
      { route: null, status: 404 },
    ],
  );
});

t.test('http: every changing route refuses a viewer', async (t) => {
  const { url } = await openApiStage(t, { commands: fakeCommands({}) });

  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    if (route.access === 'public' || route.access === 'viewer') continue;
    const response = await fetch(url + route.path.replaceAll(/\{[a-z]+\}/g, 'x'), {
      method: route.method,
      headers: { ...json, ...as('viewer') },
      ...(route.body === null ? {} : { body: '{}' }),
    });
    t.equal(response.status, 403, name);
  }
});

t.test('http: a body that is not JSON, of a wrong form, or too large is refused by name', async (t) => {
  const { url } = await openApiStage(t, { commands: fakeCommands({}) });
  const post = (body: string, headers: Record<string, string> = json): Promise<Response> =>
    fetch(`${url}/v1/tokens`, { method: 'POST', headers: { ...as('admin'), ...headers }, body });

  t.match(await (await post('{"name":')).json(), { code: 'INPUT_INVALID' });
  t.match(await (await post('{"name":"ci","role":"king","colour":1}')).json(), {
    code: 'INPUT_INVALID',
    details: [{ path: 'role' }, { message: /colour/ }],
  });
  t.match(await (await post('<a/>', { 'content-type': 'text/xml' })).json(), {
    code: 'INPUT_INVALID',
    hint: /application\/json/,
  });
  const large = await post(`{"name":"${'x'.repeat(5_000_000)}"}`);
  t.equal(large.status, 413);
  t.match(await large.json(), { code: 'TOO_LARGE' });
});

t.test('http: who has shown no token sends little, and nothing deep or made of many keys', async (t) => {
  const asked: unknown[] = [];
  const { url } = await openApiStage(t, {
    commands: fakeCommands({
      enroll: (request) => {
        asked.push(request);
        return Promise.reject(new Error('asked'));
      },
    }),
  });
  const post = async (path: string, body: string): Promise<[number, unknown]> => {
    const response = await fetch(url + path, { method: 'POST', headers: json, body });
    return [response.status, await response.json()];
  };
  const labels = (count: number): string =>
    JSON.stringify({ labels: Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, ''])) });

  t.match(await post('/v1/enroll', labels(330_000)), [413, { code: 'TOO_LARGE' }]);
  t.match(await post('/v1/nothing', labels(5_000)), [413, { code: 'TOO_LARGE' }], 'a path that there is not');
  t.match(await post('/v1/enroll', labels(1_200)), [413, { code: 'TOO_LARGE', message: /more than 2000 keys/ }]);
  t.match(await post('/v1/enroll', '['.repeat(16_000)), [413, { code: 'TOO_LARGE', message: /more than 16 deep/ }]);
  const strange = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`colour-${index}`, 1]));
  const [status, body] = await post('/v1/enroll', JSON.stringify(strange));
  t.equal(status, 400);
  t.match(JSON.stringify(body), /colour-19 and 480 more/);
  t.notMatch(JSON.stringify(body), /colour-20/);
  t.same(asked, []);
});

t.test('http: calls without a token are slowed down by address, and a token is not', async (t) => {
  const { url } = await openApiStage(t, {
    commands: fakeCommands({ enroll: () => Promise.reject(new LongshoreError('TOKEN_USED', 'no')) }),
    publicCallsPerMinute: 2,
    trustedProxies: ['127.0.0.1'],
  });
  const enrol = async (client: string): Promise<number> => {
    const headers = { ...json, 'x-forwarded-for': client };
    return (await fetch(`${url}/v1/enroll`, { method: 'POST', headers, body: '{}' })).status;
  };

  t.same([await enrol('192.0.2.1'), await enrol('192.0.2.1'), await enrol('192.0.2.1')], [400, 400, 429]);
  t.equal(await enrol('192.0.2.2'), 400, 'each client of the proxy has its own share');
  t.equal(await enrol('2001:db8::1'), 400);
  t.equal(await enrol('2001:db8::2'), 400);
  t.equal(await enrol('2001:db8::3'), 429, 'one network, however many addresses');
  t.equal((await fetch(`${url}/healthz`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status, 200);
});

t.test('http: queries and path parameters are parsed', async (t) => {
  const { url } = await openApiStage(t, {
    commands: fakeCommands({
      listHosts: (query) => Promise.resolve({ items: [aHostView({ name: `limit ${query.limit}` })], next: null }),
      getHost: (host) => Promise.resolve(aHostView({ name: host })),
    }),
  });
  const get = async (path: string): Promise<unknown> => (await fetch(url + path, { headers: as('viewer') })).json();

  t.match(await get('/v1/hosts?limit=7'), { items: [{ name: 'limit 7' }] });
  t.match(await get('/v1/hosts?limit=0'), { code: 'INPUT_INVALID', details: [{ path: 'limit' }] });
  t.match(await get('/v1/hosts?pooool=a'), { code: 'INPUT_INVALID' });
  t.match(await get('/v1/hosts/quay%201'), { name: 'quay 1' });
  t.match(await get('/v1/apps/NOT-OK/health'), { code: 'INPUT_INVALID', message: /NOT-OK/ });
  t.match(await get('/v1/nothing'), { code: 'NOT_FOUND', message: /GET \/v1\/nothing/ });
});

t.test('http: a plan that has to ask a registry is not for viewers', async (t) => {
  const asked: string[] = [];
  const { url } = await openApiStage(t, {
    commands: fakeCommands({
      plan: ({ spec }) => {
        asked.push(spec.name);
        return Promise.reject(new LongshoreError('REGISTRY_UNAVAILABLE', 'connection refused'));
      },
    }),
  });
  const image = { reference: '10.0.0.7:22/x', digest: null, pull: 'always' as const, platform: null };
  const body = JSON.stringify({ spec: anAppSpec({ services: { web: aService({ image }) } }) });
  const plan = async (token: string): Promise<Response> =>
    fetch(`${url}/v1/plans`, {
      method: 'POST',
      body,
      headers: { ...as(token), 'content-type': 'application/json' },
    });

  const refused = await plan('viewer');
  t.equal(refused.status, 403);
  t.match(await refused.json(), { code: 'FORBIDDEN', message: /digest of web needs operator/ });
  t.same(asked, []);
  t.not((await plan('operator')).status, 403);
  t.equal(asked.length, 1);
});

t.test('http: guessing tokens is slowed down, and a good token of the same address is not', async (t) => {
  const { url } = await openApiStage(t, { commands: fakeCommands({}), refusalsPerMinute: 3 });
  const statuses: number[] = [];

  for (let n = 0; n < 5; n += 1) statuses.push((await fetch(`${url}/v1/hosts`, { headers: as(`guess-${n}`) })).status);
  const limited = await fetch(`${url}/v1/hosts`, { headers: as('one-more') });
  const good = await fetch(`${url}/v1/whoami`, { headers: as('admin') });

  t.same(statuses, [401, 401, 401, 429, 429]);
  t.ok(Number(limited.headers.get('retry-after')) >= 1);
  t.not(good.status, 429);
});

t.test('http: health, readiness, metrics, the OpenAPI document and the page', async (t) => {
  let reason: string | null = 'the store is opening';
  const page = { body: Buffer.from('<h1>hi</h1>'), type: 'text/html; charset=utf-8', etag: '"1"' };
  const { url } = await openApiStage(t, {
    commands: fakeCommands({}),
    notReady: () => reason,
    webFiles: new Map([['/', page]]),
  });

  t.match(await (await fetch(`${url}/healthz`)).json(), { ok: true, version: '9.9.9' });
  t.match(await (await fetch(`${url}/readyz`)).json(), { ok: false, reason: 'the store is opening' });
  reason = null;
  t.equal((await fetch(`${url}/readyz`)).status, 200);
  t.equal(await (await fetch(`${url}/metrics`, { headers: as('viewer') })).text(), 'up 1\n');
  const stranger = await fetch(`${url}/metrics`);
  t.equal(stranger.status, 401);
  t.match(await stranger.json(), { code: 'UNAUTHENTICATED' });
  const open = await openApiStage(t, { commands: fakeCommands({}), metricsAccess: 'open' });
  t.equal(await (await fetch(`${open.url}/metrics`)).text(), 'up 1\n');
  t.match(await (await fetch(`${url}/v1/openapi.json`)).json(), { openapi: '3.1.0' });
  const first = await fetch(url);
  t.match(first.headers.get('content-security-policy'), /default-src 'none'/);
  t.equal(await first.text(), '<h1>hi</h1>');
  t.equal((await fetch(url, { headers: { 'if-none-match': '"1"' } })).status, 304);
});

t.test('http: a fault inside shows nothing of itself', async (t) => {
  const { url } = await openApiStage(t, {
    commands: fakeCommands({ listHosts: () => Promise.reject(new Error('SELECT secret FROM x')) }),
  });

  const response = await fetch(`${url}/v1/hosts`, { headers: as('viewer') });

  t.equal(response.status, 500);
  t.notMatch(await response.text(), /SELECT/);
});

t.test('http: an operator is held to the rules for names and labels of hosts, too', async (t) => {
  const { url } = await openApiStage(t, {
    commands: fakeCommands({
      patchHost: (_host, patch) => Promise.resolve(aHostView({ name: patch.name ?? 'same' })),
      makeEnrollToken: () => Promise.reject(new Error('asked')),
    }),
  });
  const send = async (method: string, path: string, body: unknown): Promise<number> =>
    (await fetch(url + path, { method, headers: { ...json, ...as('admin') }, body: JSON.stringify(body) })).status;

  t.equal(await send('PATCH', '/v1/hosts/a', { name: 'quay-1', labels: { disk: 'ssd', zone: null } }), 200);
  for (const patch of [
    { name: `h-${'1'.repeat(16)}` },
    { labels: { 'a b': 'x' } },
    { labels: { disk: '\u001b[2J' } },
    { inheritLabels: ['a\nb'] },
  ])
    t.equal(await send('PATCH', '/v1/hosts/a', patch), 400, JSON.stringify(patch));
  t.equal(await send('POST', '/v1/enroll-tokens', { labels: { disk: 'a\nb' } }), 400);
});

t.test('http: what creates something is done once for an Idempotency-Key, whoever sends it again', async (t) => {
  let made = 0;
  const { url } = await openApiStage(t, {
    commands: fakeCommands({
      makeToken: async ({ name, role }) => {
        made += 1;
        const view = { id: `t-${made}`, name, role, createdAt: 0, expiresAt: null, lastUsedAt: null, revokedAt: null };
        return { view, token: `text-${made}` };
      },
    }),
  });
  const post = (key: string | null, name = 'ci'): Promise<Response> =>
    fetch(`${url}/v1/tokens`, {
      method: 'POST',
      headers: { ...as('admin'), ...json, ...(key === null ? {} : { 'idempotency-key': key }) },
      body: JSON.stringify({ name, role: 'viewer' }),
    });

  const answers = await Promise.all([post('k'), post('k'), post('k')]);

  t.same(
    await Promise.all(
      answers.map((answer) => answer.json().then((body: unknown) => (body as { token: string }).token)),
    ),
    Array(3).fill('text-1'),
  );
  t.equal(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true').length, 2);
  const other = await post('k', 'someone-else');
  t.equal(other.status, 422);
  t.match(await other.json(), { code: 'REQUEST_DIFFERS' });
  t.equal((await post('not a key')).status, 400);
  t.match(await (await post(null)).json(), { token: 'text-2' });
  t.match(await (await post(null)).json(), { token: 'text-3' }, 'without a key each is one of its own');
});

t.test('http: what the framework or the parser refuses is a Problem like any other', async (t) => {
  const { url, port } = await openApiStage(t, { commands: fakeCommands({}) });
  const bad = await fetch(`${url}/v1/hosts/%ZZ`, { headers: as('viewer') });
  t.equal(bad.status, 400);
  t.match(await bad.json(), { code: 'INPUT_INVALID', message: /URL/, hint: /Percent/, details: [] });
  const long = await fetch(`${url}/v1/hosts/${'x'.repeat(300)}`, { headers: as('viewer') });
  t.equal(long.status, 414);
  t.match(await long.json(), { code: 'TOO_LARGE', message: /path/ });
  for (const [method, path, allow] of [
    ['PUT', '/v1/hosts', 'GET, HEAD'],
    ['OPTIONS', '/v1/apps/web/rollback', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(url + path, { method, headers: as('admin') });
    t.equal(response.status, 405, path);
    t.equal(response.headers.get('allow'), allow);
    t.match(await response.json(), { code: 'INPUT_INVALID', hint: /It takes/ });
  }
  t.match(await askRaw(port, 'HELLO\r\n\r\n'), [400, { code: 'INPUT_INVALID', hint: /./ }]);
  t.match(await askRaw(port, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`), [
    431,
    { code: 'TOO_LARGE', message: /headers/ },
  ]);
});

t.test('http: a lifetime that is no date any more is refused', async (t) => {
  const { url } = await openApiStage(t, {
    commands: fakeCommands({ makeToken: () => Promise.reject(new Error('asked')) }),
  });
  const make = async (ttlMs: number): Promise<unknown> => {
    const body = JSON.stringify({ name: 'ci', role: 'viewer', ttlMs });
    const response = await fetch(`${url}/v1/tokens`, { method: 'POST', headers: { ...json, ...as('admin') }, body });
    return response.json();
  };

  for (const ttlMs of [2 ** 53, 2 ** 53 - 1, 1e300, 11 * 366 * 86_400_000])
    t.match(await make(ttlMs), { code: 'INPUT_INVALID', details: [{ path: 'ttlMs' }] }, String(ttlMs));
});

/** @returns status and body of what comes back to these bytes */
async function askRaw(port: number, text: string): Promise<readonly [number, unknown]> {
  const socket = net.connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  const [head = '', body = ''] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n');
  return [Number(head.split(' ')[1]), JSON.parse(body)];
}
