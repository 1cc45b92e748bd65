// The registry client against a registry over a real socket: what it asks, and what each answer means.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import { headDigest } from '../../coordinator/registry/registry-client.ts';
import type { RegistryLogin } from '../../coordinator/registry/registry-client.ts';
import { parseReference } from '../../coordinator/registry/reference.ts';
import type { Digest } from '../../fleet/ids.ts';
import { digest } from '../support/app-builders.ts';

/** Of each question, where no test is about it: the first one of a process takes long on a busy machine. */
const LONG_MS = 10_000;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function registry(
  t: Test,
  answer: Answer,
  timeoutMs = LONG_MS,
): Promise<{ host: string; seen: string[]; ask: (login?: RegistryLogin | null) => Promise<Digest> }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${String(request.method)} ${String(request.url)}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { fetch, now: () => 0, insecure: [], timeoutMs };
  return { host, seen, ask: (login = null) => headDigest(parseReference(`${host}/acme/web:2`), login, options) };
}

const found = (response: ServerResponse): void =>
  void response.writeHead(200, { 'docker-content-digest': digest('a'), 'content-type': INDEX }).end();

const INDEX = 'application/vnd.oci.image.index.v1+json';

t.test('registry client: one HEAD is all it takes', async (t) => {
  let accept = '';
  const { ask, seen } = await registry(t, (request, response) => {
    accept = request.headers.accept ?? '';
    found(response);
  });
  t.equal(await ask(), digest('a'));
  t.same(seen, ['HEAD /v2/acme/web/manifests/2']);
  t.match(
    accept,
    /image\.index\.v1\+json.*manifest\.list\.v2\+json.*image\.manifest\.v1\+json.*manifest\.v2\+json/,
    'the index comes first',
  );
});

t.test('registry client: gets a token where one is wanted, with the login', async (t) => {
  const { ask, seen, host } = await registry(t, (request, response) => {
    const { url = '', headers } = request;
    if (url.startsWith('/token')) {
      const isAda = headers.authorization === `Basic ${Buffer.from('ada:pass:word', 'utf8').toString('base64')}`;
      response.writeHead(isAda ? 200 : 401, { 'content-type': 'application/json' }).end('{"token":"t0k"}');
    } else if (headers.authorization === 'Bearer t0k') found(response);
    else
      response
        .writeHead(401, { 'www-authenticate': `Bearer realm="http://${String(headers.host)}/token",service="here"` })
        .end();
  });
  t.equal(await ask({ username: 'ada', password: 'pass:word' }), digest('a'));
  t.same(seen, [
    'HEAD /v2/acme/web/manifests/2',
    'GET /token?service=here&scope=repository%3Aacme%2Fweb%3Apull',
    'HEAD /v2/acme/web/manifests/2',
  ]);
  await t.rejects(ask(null), { code: 'REGISTRY_DENIED', message: new RegExp(`resolve ${host}/acme/web:2`) });
});

t.test('registry client: basic login, and none', async (t) => {
  const { ask } = await registry(t, (request, response) => {
    if (request.headers.authorization === 'Basic dTpw') found(response);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });
  t.equal(await ask({ username: 'u', password: 'p' }), digest('a'));
  await t.rejects(ask({ username: 'u', password: 'wrong' }), { code: 'REGISTRY_DENIED' });
  await t.rejects(ask(null), { code: 'REGISTRY_DENIED' });
});

t.test('registry client: every answer is a code, and says whether to wait', async (t) => {
  for (const [status, code, headers] of [
    [404, 'IMAGE_NOT_FOUND', {}],
    [403, 'REGISTRY_DENIED', {}],
    [429, 'REGISTRY_RATE_LIMITED', { 'retry-after': '7' }],
    [503, 'REGISTRY_UNAVAILABLE', { 'retry-after': '9' }],
    [500, 'REGISTRY_UNAVAILABLE', {}],
  ] as const) {
    const { ask } = await registry(t, (_request, response) => void response.writeHead(status, headers).end());
    const retryAfterMs = 'retry-after' in headers ? Number(headers['retry-after']) * 1000 : null;
    await t.rejects(ask(), { code, retryAfterMs }, String(status));
  }
});

t.test('registry client: a registry without HEAD or digest is asked for the manifest', async (t) => {
  const body = '{"schemaVersion":2,"manifests":[]}';
  const expected = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const noHead = await registry(t, (request, response) => {
    if (request.method === 'HEAD') response.writeHead(405).end();
    else response.end(body);
  });
  t.equal(await noHead.ask(), expected);
  const noDigest = await registry(t, (request, response) => void response.end(request.method === 'HEAD' ? '' : body));
  t.equal(await noDigest.ask(), expected);
});

t.test('registry client: a page, an empty answer or another JSON is no image', async (t) => {
  const page = { 'content-type': 'text/html; charset=utf-8' };
  const answers: readonly Answer[] = [
    (_request, response) => response.writeHead(200, page).end('<h1>We will be back</h1>'),
    (_request, response) => response.writeHead(200, { ...page, 'docker-content-digest': digest('a') }).end(),
    (_request, response) => response.writeHead(204).end(),
    (_request, response) => response.writeHead(204, { 'docker-content-digest': digest('a') }).end(),
    (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'),
  ];
  for (const [index, answer] of answers.entries()) {
    const { ask } = await registry(t, answer);
    await t.rejects(ask(), { code: 'REGISTRY_UNAVAILABLE' }, String(index));
  }
});

t.test('registry client: a redirect is followed within its registry, and to nobody else', async (t) => {
  const away = await registry(t, (_request, response) => found(response));
  const { ask, seen } = await registry(t, (request, response) => {
    if (request.url?.startsWith('/moved/') === true) found(response);
    else response.writeHead(307, { location: `/moved${String(request.url)}` }).end();
  });
  t.equal(await ask(), digest('a'));
  t.same(seen, ['HEAD /v2/acme/web/manifests/2', 'HEAD /moved/v2/acme/web/manifests/2']);

  for (const location of [`http://${away.host}/v2/x`, 'http://169.254.169.254/computeMetadata/v1/']) {
    const leaving = await registry(t, (_request, response) => void response.writeHead(302, { location }).end());
    await t.rejects(leaving.ask(), { code: 'REGISTRY_UNAVAILABLE', message: /it redirects to/ });
  }
  t.same(away.seen, []);
  const round = await registry(t, (request, response) => void response.writeHead(302, { location: request.url }).end());
  await t.rejects(round.ask(), { code: 'REGISTRY_UNAVAILABLE', message: /more than 5 redirects/ });
});

t.test('registry client: a body without end does not fill the memory', async (t) => {
  let sent = 0;
  const { ask } = await registry(t, (request, response) => {
    if (request.method === 'HEAD') {
      response.writeHead(405).end();
      return;
    }
    const chunk = Buffer.alloc(256 * 1024);
    const more = (): void => {
      while (!response.destroyed) {
        // Also the one that fills the buffer: nearly each does.
        sent += chunk.length;
        if (!response.write(chunk)) break;
      }
    };
    response.on('drain', more);
    more();
  });
  await t.rejects(ask(), { code: 'REGISTRY_UNAVAILABLE', message: /more than 4194304 bytes/ });
  t.ok(sent < 32 * 1024 * 1024, `${sent} bytes were taken`);
});

t.test('registry client: a login is never sent in the clear for a registry that speaks TLS', async (t) => {
  const asked: string[] = [];
  const fakeFetch: typeof fetch = (url) => {
    asked.push(url instanceof Request ? url.url : url.toString());
    const challenge = { 'www-authenticate': 'Bearer realm="http://auth.test/token"' };
    return Promise.resolve(new Response(null, { status: 401, headers: challenge }));
  };
  const options = { fetch: fakeFetch, now: () => 0, insecure: [], timeoutMs: LONG_MS };
  const login = { username: 'ada', password: 'secret' };
  await t.rejects(headDigest(parseReference('reg.test/web:1'), login, options), {
    code: 'REGISTRY_DENIED',
    message: /in the clear to auth\.test/,
  });
  t.same(asked, ['https://reg.test/v2/web/manifests/1']);
});

t.test('registry client: silence and closed doors are unavailable', async (t) => {
  const silent = await registry(t, () => undefined, 300);
  await t.rejects(silent.ask(), { code: 'REGISTRY_UNAVAILABLE', message: /no answer in time/ });
  const options = { fetch, now: () => 0, insecure: [], timeoutMs: LONG_MS };
  await t.rejects(headDigest(parseReference('127.0.0.1:1/web'), null, options), {
    code: 'REGISTRY_UNAVAILABLE',
    message: /ECONNREFUSED|bad port/,
  });
});
