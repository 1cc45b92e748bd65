// A call to the engine always settles, also where the engine ends in the middle of its answer.
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { dockerodeProxyContainers } from '../../../agent/engine/dockerode-proxy-containers.ts';
import { EngineClient } from '../../../agent/engine/engine-client.ts';
import { hostId } from '../../support/app-builders.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

async function clientOf(t: Test, handle: Handler): Promise<{ client: EngineClient; calls: string[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ls-'));
  const socket = path.join(folder, 'd.sock');
  const calls: string[] = [];
  const server = http.createServer((request, response) => {
    calls.push(`${request.method ?? ''} ${(request.url ?? '').replace(/\?.*$/, '')}`);
    response.setHeader('api-version', '1.41');
    if (request.url === '/_ping') response.end('OK');
    else handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return { client: new EngineClient(socket), calls };
}

/** As `wait` does: the head at once, the body never. */
const breaksOff: Handler = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"StatusCode"', () => response.destroy());
};

t.test('whole answers: an answer that breaks off in its middle is an engine that went away', async (t) => {
  const { client } = await clientOf(t, breaksOff);
  const listed = client.call('list containers', ({ docker }) => docker.listContainers());
  await t.rejects(listed, { code: 'ENGINE_UNAVAILABLE' });
});

t.test('whole answers: who waits for the end of the proxy learns that the engine went away', async (t) => {
  const { client, calls } = await clientOf(t, breaksOff);
  const containers = dockerodeProxyContainers(client, hostId(1));
  const waiting = containers.waitStopped('c1', new AbortController().signal);
  await t.rejects(waiting, { code: 'ENGINE_UNAVAILABLE' });
  t.match(calls[1], 'POST /v1.41/containers/c1/wait', 'by the version that was agreed on');
});

t.test('whole answers: an abort in the middle of the body ends the call', async (t) => {
  const stop = new AbortController();
  const { client } = await clientOf(t, (_, response) => {
    response.writeHead(200);
    response.write('{', () => stop.abort());
  });
  await dockerodeProxyContainers(client, hostId(1)).waitStopped('c1', stop.signal);
  t.ok(stop.signal.aborted);
});

t.test('whole answers: a refusal keeps the words of the engine', async (t) => {
  const { client } = await clientOf(t, (_, response) => {
    response.writeHead(409, { 'content-type': 'application/json' });
    response.end('{"message":"task c1: already exists"}');
  });
  await t.rejects(dockerodeProxyContainers(client, hostId(1)).start('c1'), {
    code: 'CONFLICT',
    message: "start the ingress's container c1: task c1: already exists",
  });
});
