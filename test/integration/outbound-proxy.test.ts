// What leaves the machine goes through the proxy of the environment: a proxy that knows the only way to these names.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import { WebSocketServer } from 'ws';
import { readLayers } from '../../agent/engine/registry-client.ts';
import { postJson } from '../../agent/identity/post-json.ts';
import { dialWebSocket, type SocketEnd } from '../../agent/session/frame-socket.ts';
import { googleHttp } from '../../coordinator/google/google-http.ts';
import { fetchWithRoots } from '../../coordinator/registry/fetch-with-roots.ts';
import { parseImageReference } from '../../fleet/image-reference.ts';
import { digest } from '../support/app-builders.ts';
import { testAuthority } from '../support/test-authority.ts';

const NAMES = ['coordinator.invalid', 'images.invalid', 'oauth2.googleapis.com'];
const authority = testAuthority(NAMES);
const ca = [authority.root];
const never = new AbortController().signal;

async function listening(t: Test, server: http.Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server of all names, and the proxy in front of it; the environment names the proxy, with a login. */
async function scene(t: Test) {
  const manifest = { config: { digest: digest('c'), size: 2 }, layers: [{ digest: digest('l'), size: 41 }] };
  const answer: http.RequestListener = (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(request.url?.includes('/manifests/') === true ? manifest : { at: request.headers.host }),
    );
  };
  const server = https.createServer({ cert: authority.cert, key: authority.key }, answer);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.send('hello'));
  const port = await listening(t, server);

  const seen: string[] = [];
  let refuses = false;
  const login = `Basic ${Buffer.from('ada:secret').toString('base64')}`;
  const proxy = http.createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.headers['proxy-authorization'] === login) answer(request, response);
    else response.writeHead(407).end();
  });
  proxy.on('connect', (request: http.IncomingMessage, client: Socket) => {
    seen.push(`CONNECT ${request.url ?? ''}`);
    if (refuses || request.headers['proxy-authorization'] !== login) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const through = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(through).pipe(client);
    });
    for (const socket of [client, through]) socket.on('error', () => undefined);
  });
  const url = `http://ada:secret@127.0.0.1:${await listening(t, proxy)}`;
  process.env.HTTPS_PROXY = url;
  process.env.HTTP_PROXY = url;
  process.env.NO_PROXY = '';
  t.teardown(() => {
    for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']) Reflect.deleteProperty(process.env, name);
  });
  return {
    port,
    seen,
    refuse: () => {
      refuses = true;
    },
  };
}

function dialled(url: string): Promise<{ readonly frame: string } | { readonly end: SocketEnd }> {
  return new Promise((resolve) => {
    const socket = dialWebSocket(
      { url, ca, userAgent: 'test', handshakeTimeoutMs: 60_000 },
      {
        onFrame: (frame) => {
          resolve({ frame });
          socket.destroy();
        },
        onBinary: () => undefined,
        onEnd: (end) => resolve({ end }),
      },
    );
  });
}

t.test('the agent dials, enrols and asks registries through the proxy', async (t) => {
  const { seen } = await scene(t);

  t.same(await dialled('wss://coordinator.invalid/agent'), { frame: 'hello' });
  const enrolled = await postJson(
    'https://coordinator.invalid/v1/enroll',
    {},
    { ca, timeoutMs: 60_000, signal: never },
  );
  t.match(enrolled, { status: 200, body: { at: 'coordinator.invalid' } });
  const reference = parseImageReference('images.invalid:5000/web:1');
  const image = { reference, digest: digest('a'), platform: 'linux/amd64', credential: null, insecure: true };
  t.same((await readLayers(image, never)).layers, [{ bytes: 41, diffId: null }]);

  t.same(seen, [
    'CONNECT coordinator.invalid:443',
    'CONNECT coordinator.invalid:443',
    'CONNECT images.invalid:5000',
    `GET http://images.invalid:5000/v2/web/manifests/${digest('a')}`,
  ]);
});

t.test('the coordinator asks registries and Google through the proxy', async (t) => {
  const { seen } = await scene(t);

  const response = await fetchWithRoots(ca)('https://images.invalid/v2/');
  t.same(await response.json(), { at: 'images.invalid' });
  const google = await googleHttp({ ca, timeoutMs: 60_000 })({ method: 'GET', url: 'https://oauth2.googleapis.com/x' });
  t.match(google, { status: 200 });

  t.same(seen, ['CONNECT images.invalid:443', 'CONNECT oauth2.googleapis.com:443']);
});

t.test('what is on this machine, or in NO_PROXY, is asked directly', async (t) => {
  const { port, seen } = await scene(t);
  process.env.NO_PROXY = 'images.invalid';

  t.match(await dialled(`wss://localhost:${port}/`), { end: { error: /altnames|certificate/i } });
  await t.rejects(fetchWithRoots(ca)('https://images.invalid/v2/'), { code: 'ENOTFOUND' });

  t.same(seen, []);
});

t.test('a proxy that refuses, or is none, is named without its login', async (t) => {
  const { refuse } = await scene(t);
  refuse();
  const refused = await dialled('wss://coordinator.invalid/agent');
  t.match(refused, { end: { status: 407 } });
  t.notMatch(JSON.stringify(refused), /secret|ada/);

  process.env.HTTPS_PROXY = 'socks5://ada:secret@127.0.0.1:1080';
  const reason = 'HTTPS_PROXY is not the URL of an HTTP proxy';
  t.match(await dialled('wss://coordinator.invalid/agent'), { end: { error: reason } });
  await t.rejects(fetchWithRoots(ca)('https://images.invalid/v2/'), { message: reason });
});
