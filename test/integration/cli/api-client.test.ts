// The command line sends what creates something again where it cannot know whether it was done.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Test } from 'tap';
import { ApiClient } from '../../../cli/client/api-client.ts';
import { refusal } from '../../support/refusal.ts';

async function clientOf(
  t: Pick<Test, 'teardown'>,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ApiClient> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new ApiClient({
    credentials: { url, token: 'x' },
    timeoutMs: 60_000,
    signal: new AbortController().signal,
  });
}
const body = { name: 'ci', role: 'viewer' } as const;
const made = JSON.stringify({
  view: { id: 't-1', ...body, createdAt: 0, expiresAt: null, lastUsedAt: null, revokedAt: null },
  token: 'text',
});

t.test('api client: a lost answer and a coordinator that stops are asked again, under one key', async (t) => {
  const keys: unknown[] = [];
  const client = await clientOf(t, (request, response) => {
    keys.push(request.headers['idempotency-key']);
    if (keys.length === 1) request.socket.destroy();
    else if (keys.length === 2)
      response.writeHead(503).end('{"code":"SHUTTING_DOWN","message":"","hint":"","details":[]}');
    else response.end(made);
  });

  t.match(await client.call('makeToken', { body }), { token: 'text' });
  t.equal(keys.length, 3);
  t.match(keys[0], /^[0-9a-f-]{36}$/);
  t.equal(new Set(keys).size, 1);
  await client.call('makeToken', { body });
  t.equal(new Set(keys).size, 2, 'another call has another key');
});

t.test('api client: a refusal is not sent again, nor what creates nothing', async (t) => {
  let calls = 0;
  const client = await clientOf(t, (request, response) => {
    calls += 1;
    if (request.method === 'GET') request.socket.destroy();
    else response.writeHead(503).end('{"code":"REGISTRY_RATE_LIMITED","message":"m","hint":"h","details":[]}');
  });

  await t.rejects(client.call('makeToken', { body }), refusal('REGISTRY_RATE_LIMITED'));
  t.equal(calls, 1);
  await t.rejects(client.call('whoami'), refusal('UNREACHABLE'));
  t.equal(calls, 2);
});
