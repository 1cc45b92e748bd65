// A call to the engine always settles, also where the engine ends in the middle of its answer or gives none.
import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { ContainerExec } from '../../../agent/engine/container-exec.ts';
import { dockerodeProxyContainers } from '../../../agent/engine/dockerode-proxy-containers.ts';
import { EngineClient } from '../../../agent/engine/engine-client.ts';
import type { InstanceId } from '../../../fleet/ids.ts';
import { hostId } from '../../support/app-builders.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

async function clientOf(
  t: Test,
  handle: Handler,
  limitMs?: number,
): Promise<{ client: EngineClient; calls: string[] }> {
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
  return { client: new EngineClient(socket, limitMs), calls };
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

/** Long for the answers that come, which on a busy machine are not at once; each silence lasts it. */
const LIMIT_MS = 500;
const silent: Handler = () => undefined;
const answersNothing = { code: 'ENGINE_UNAVAILABLE', message: /no answer within 0\.5 s/ };

t.test('whole answers: an engine that takes a call and never answers is away, after the limit', async (t) => {
  const { client } = await clientOf(t, silent, LIMIT_MS);
  await t.rejects(
    client.call('list containers', ({ docker }) => docker.listContainers()),
    answersNothing,
  );
});

t.test('whole answers: an engine that hangs in the middle of its answer is away as well', async (t) => {
  const { client } = await clientOf(t, (_, response) => void response.write('['), LIMIT_MS);
  await t.rejects(
    client.call('list containers', ({ docker }) => docker.listContainers()),
    answersNothing,
  );
});

t.test('whole answers: a socket that nobody accepts at all, as of a process that was stopped', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ls-'));
  const socket = path.join(folder, 'd.sock');
  const taken: net.Socket[] = [];
  const server = net.createServer((connection) => void taken.push(connection.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.teardown(async () => {
    for (const each of taken) each.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  const client = new EngineClient(socket, LIMIT_MS);
  await t.rejects(
    client.call('list containers', ({ docker }) => docker.listContainers()),
    answersNothing,
    'the version is not known either',
  );
});

t.test('whole answers: a stop is given its grace beside the limit', async (t) => {
  const { client } = await clientOf(
    t,
    (_, response) => void setTimeout(() => response.writeHead(204).end(), LIMIT_MS * 3),
    LIMIT_MS,
  );
  await client.call('stop c1', ({ docker }) => docker.getContainer('c1').stop({ t: 20 }));
  t.pass('it ended');
});

t.test('whole answers: what begins in time may last, and what never begins is an engine that is away', async (t) => {
  const { client } = await clientOf(
    t,
    (request, response) => {
      if (request.url?.includes('/logs') === true) return;
      response.writeHead(200);
      response.flushHeaders();
      setTimeout(() => response.end('late'), LIMIT_MS * 3);
    },
    LIMIT_MS,
  );
  const events = await client.stream('watch events', { method: 'GET', path: '/events' });
  let text = '';
  for await (const chunk of events) text += String(chunk);
  t.equal(text, 'late');
  await t.rejects(client.stream('read logs', { method: 'GET', path: '/containers/c1/logs' }), answersNothing);
});

t.test('whole answers: a download may be silent for longer than any short call', async (t) => {
  const { client } = await clientOf(
    t,
    (_, response) => void setTimeout(() => response.writeHead(200).end('{"status":"done"}'), LIMIT_MS * 3),
    LIMIT_MS,
  );
  await client.call('pull', async ({ docker }) => {
    const stream = (await docker.createImage({}, { fromImage: 'web', tag: '1' })) as AsyncIterable<Uint8Array>;
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    t.match(text, 'done');
  });
});

t.test('whole answers: the caller calls a stream off as before, and nothing is left on his signal', async (t) => {
  const { client } = await clientOf(
    t,
    (_, response) => {
      response.writeHead(200);
      response.flushHeaders();
    },
    LIMIT_MS,
  );
  const stop = new AbortController();
  const events = await client.stream('watch events', { method: 'GET', path: '/events', signal: stop.signal });
  const reading = (async () => {
    for await (const chunk of events) t.fail(String(chunk));
  })();
  stop.abort();
  await t.rejects(reading, { code: 'ECONNRESET' });
  t.equal(getEventListeners(stop.signal, 'abort').length, 0);
});

t.test('whole answers: a command in a container whose start is not answered is an engine that is away', async (t) => {
  const { client } = await clientOf(
    t,
    (request, response) => {
      if (request.url?.endsWith('/start') === true) return;
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end('{"Id":"e1"}');
    },
    LIMIT_MS,
  );
  const exec = new ContainerExec(client, hostId(1), systemClock);
  const probe = exec.run('i-00000000000a' as InstanceId, ['true'], 60_000, new AbortController().signal);
  await t.rejects(probe, answersNothing);
});
