// A server that answers `101 Switching Protocols` to who did not ask for it: no call waits for what does not come.
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { readLayers } from '../../agent/engine/registry-client.ts';
import { metadataServer } from '../../agent/google/metadata-server.ts';
import { makeProbe } from '../../agent/health/probe.ts';
import { postJson } from '../../agent/identity/post-json.ts';
import { caddyAdmin } from '../../agent/ingress/caddy-admin.ts';
import { googleHttp, METADATA_HOST } from '../../coordinator/google/google-http.ts';
import { fetchWithRoots } from '../../coordinator/registry/fetch-with-roots.ts';
import { parseImageReference } from '../../fleet/image-reference.ts';
import { instanceId } from '../support/agent-planning.ts';
import { digest } from '../support/app-builders.ts';

const ANSWER = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const never = new AbortController().signal;
const LIMIT_MS = 60_000;
const closed = { message: /the connection was closed without an answer/ };

/** @returns its port; 0 where it listens at a path */
async function switching(t: Test, at: string | null = null): Promise<number> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).on('data', () => void socket.write(ANSWER));
  });
  await new Promise<void>((resolve) => {
    if (at === null) server.listen(0, '127.0.0.1', resolve);
    else server.listen(at, resolve);
  });
  t.teardown(() => {
    for (const each of sockets) each.destroy();
    server.close();
  });
  return at === null ? (server.address() as AddressInfo).port : 0;
}

t.test('101: a probe finds an instance that is not healthy', async (t) => {
  const port = await switching(t);
  const probe = makeProbe({ exec: async () => ({ exitCode: 0, output: '' }) }, (text) => text);
  const check = { kind: 'http', port, path: '/up', host: null, scheme: 'http' } as const;

  const found = await probe({ instance: instanceId(1), address: '127.0.0.1', check, timeoutMs: LIMIT_MS }, never);

  t.match(found, { isHealthy: false, text: `GET http://127.0.0.1:${port}/up: connection closed without an answer` });
});

t.test('101: the size of an image is not known', async (t) => {
  const reference = parseImageReference(`127.0.0.1:${await switching(t)}/acme/web:1`);
  const image = { reference, digest: digest('a'), platform: 'linux/amd64', credential: null, insecure: true };

  await t.rejects(readLayers(image, never), closed);
});

t.test('101: an enrolment has no answer', async (t) => {
  const url = `http://127.0.0.1:${await switching(t)}/v1/enroll`;

  await t.rejects(postJson(url, {}, { ca: undefined, timeoutMs: LIMIT_MS, signal: never }), closed);
});

t.test('101: the metadata server has no token', async (t) => {
  const server = metadataServer({ host: '127.0.0.1', port: await switching(t) });

  await t.rejects(server.accessToken(never), { code: 'GOOGLE_UNAVAILABLE', ...closed });
});

t.test('101: the ingress takes no configuration', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ls-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const socket = path.join(folder, 'admin.sock');
  await switching(t, socket);

  await t.rejects(caddyAdmin(socket).load('{}'), { code: 'INGRESS_UNAVAILABLE', ...closed });
});

t.test("101: the coordinator's registry has no answer", async (t) => {
  const url = `http://127.0.0.1:${await switching(t)}/v2/`;

  await t.rejects(fetchWithRoots(undefined)(url), closed);
});

t.test('101: Google has no answer', async (t) => {
  const port = await switching(t);
  const ask = googleHttp({ ca: undefined, timeoutMs: LIMIT_MS, connect: () => ({ host: '127.0.0.1', port }) });

  await t.rejects(ask({ method: 'GET', url: `http://${METADATA_HOST}/` }), closed);
});
