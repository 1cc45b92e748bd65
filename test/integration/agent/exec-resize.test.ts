// A terminal that the engine does not resize: the command goes on, and nothing of it is left behind.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { ContainerExec } from '../../../agent/engine/container-exec.ts';
import { EngineClient } from '../../../agent/engine/engine-client.ts';
import { hostId } from '../../support/app-builders.ts';
import { instanceId } from '../../support/agent-planning.ts';

const UPGRADED =
  'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

interface Engine {
  readonly client: EngineClient;
  readonly resized: () => number;
  /** The connection of the command; it is there once the command has begun. */
  readonly command: () => Duplex;
}

async function engineWithoutResize(t: Test): Promise<Engine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ls-'));
  let resized = 0;
  let command: Duplex | null = null;
  const server = http.createServer((request, response) => {
    const { url = '' } = request;
    request.resume();
    response.setHeader('api-version', '1.41');
    const answer = (status: number, json: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    if (url === '/_ping') response.end('OK');
    else if (url.includes('/resize')) {
      resized += 1;
      answer(500, { message: 'cannot resize: process already finished' });
    } else if (url.endsWith('/json')) answer(200, { Running: false, ExitCode: 7 });
    else answer(201, { Id: 'e1' });
  });
  server.on('upgrade', (_request, socket: Duplex) => {
    command = socket.on('error', () => undefined);
    socket.resume();
    socket.write(`${UPGRADED}hello`);
  });
  const socketPath = path.join(folder, 'd.sock');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.teardown(async () => {
    command?.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return {
    client: new EngineClient(socketPath),
    resized: () => resized,
    command: () => {
      if (command === null) throw new Error('no command has begun');
      return command;
    },
  };
}

t.test('openExec: an engine that does not resize the terminal runs the command all the same', async (t) => {
  const { client, resized, command } = await engineWithoutResize(t);
  const exec = new ContainerExec(client, hostId(1), systemClock);
  let heard = '';
  const options = { tty: true, columns: 80, rows: 24 };
  const onChunk = async (_fd: 1 | 2, data: Uint8Array): Promise<void> => void (heard += Buffer.from(data).toString());

  const session = await exec.open(instanceId(1), ['sh'], options, onChunk, new AbortController().signal);
  t.equal(resized(), 1);
  const left = once(command(), 'close');
  command().end();

  t.equal(await session.exitCode, 7);
  t.equal(heard, 'hello');
  await left;
  t.pass('the connection is not left open');
});

t.test('openExec: called off, it leaves no connection behind', async (t) => {
  const { client, command } = await engineWithoutResize(t);
  const exec = new ContainerExec(client, hostId(1), systemClock);
  const stop = new AbortController();
  const options = { tty: true, columns: 80, rows: 24 };
  const session = await exec.open(instanceId(1), ['sh'], options, async () => undefined, stop.signal);
  const left = once(command(), 'end');

  stop.abort();

  t.equal(await session.exitCode, null);
  await left;
  t.pass('the connection was ended');
});
