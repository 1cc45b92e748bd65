// The console's connection of the command line, where the coordinator or the network lets it down.
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { mock } from 'node:test';
import t, { type Test } from 'tap';
import { WebSocketServer, type WebSocket } from 'ws';
import { ConsoleClient } from '../../../cli/client/console-client.ts';
import type { AppName } from '../../../fleet/ids.ts';

const never = new AbortController().signal;
const welcome = JSON.stringify({ kind: 'welcome', version: '1.0.0', role: 'admin', name: 'ada' });
const hosts = { kind: 'line', text: 'hosts' } as const;

interface Coordinator {
  readonly port: number;
  /** The newest socket; there is one as soon as a client is open. */
  readonly socket: () => WebSocket;
}

async function coordinator(t: Test, onSocket: (socket: WebSocket) => void): Promise<Coordinator> {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  let newest: WebSocket | null = null;
  sockets.on('connection', (socket) => {
    newest = socket;
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const each of sockets.clients) each.terminate();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    socket: () => {
      if (newest === null) throw new Error('nobody has connected');
      return newest;
    },
  };
}

/** Forwards until it is cut; then both sides wait for each other, and nobody tells them. */
async function proxyTo(t: Test, port: number): Promise<{ readonly port: number; cut(): void }> {
  let isCut = false;
  const sockets: net.Socket[] = [];
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const)
      from.on('error', () => undefined).on('data', (data) => isCut || to.write(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const each of sockets) each.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, cut: () => void (isCut = true) };
}

const open = (port: number, limits?: Parameters<typeof ConsoleClient.open>[2]): Promise<ConsoleClient> =>
  ConsoleClient.open({ url: `http://127.0.0.1:${port}`, token: 'tok' }, never, limits);

t.test('console client: a coordinator that vanishes without a word is not waited for for ever', async (t) => {
  const { port } = await coordinator(t, (socket) => socket.send(welcome));
  const proxy = await proxyTo(t, port);
  const client = await open(proxy.port, { openMs: 10_000, silenceMs: 300 });

  proxy.cut();
  const call = client.call({ kind: 'watch', app: 'shop' as AppName, deployment: null }, () => undefined);

  await t.rejects(call.finished, { code: 'UNREACHABLE', message: /nothing was heard for 0\.3 s/ });
  await t.rejects(client.call(hosts, () => undefined).finished, { code: 'UNREACHABLE' }, 'nor asked again');
});

t.test('console client: pings and frames are heard, whatever else is silent', async (t) => {
  const { port, socket } = await coordinator(t, (each) => each.send(welcome));
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const client = await open(port);
  let answer = 'none yet';
  let heard: () => void = () => undefined;
  const call = client.call(hosts, () => heard());
  call.finished.then(
    (exit) => (answer = `exit ${exit}`),
    (error: unknown) => (answer = String(error)),
  );

  for (let round = 0; round < 3; round += 1) {
    mock.timers.tick(70_000);
    const ponged = new Promise((resolve) => socket().once('pong', resolve));
    socket().ping();
    await ponged;
    mock.timers.tick(70_000);
    const framed = new Promise<void>((resolve) => (heard = resolve));
    socket().send(JSON.stringify({ kind: 'text', id: '1', text: 'HOST' }));
    await framed;
  }
  t.equal(answer, 'none yet');

  mock.timers.tick(75_000);
  await t.rejects(call.finished, { code: 'UNREACHABLE', message: /nothing was heard for 75 s/ });
});

t.test('console client: who opens and does not welcome is not reached', async (t) => {
  const { port } = await coordinator(t, () => undefined);

  await t.rejects(open(port, { openMs: 500, silenceMs: 75_000 }), { code: 'UNREACHABLE' });
});

t.test('console client: a call after the end of the connection fails at once', async (t) => {
  const { port, socket } = await coordinator(t, (each) => each.send(welcome));
  const client = await open(port);
  const running = client.call(hosts, () => undefined);
  socket().close(1001);
  await t.rejects(running.finished, { code: 'UNREACHABLE' });

  // One that nobody looks at must not end the process.
  client.call(hosts, () => undefined);
  const late = client.call(hosts, () => undefined);
  late.send({ kind: 'input-end' });

  await t.rejects(late.finished, { code: 'UNREACHABLE', message: /the connection ended/ });
});

t.test('console client: what it was refused for is the answer to every later call', async (t) => {
  const { port, socket } = await coordinator(t, (each) => each.send(welcome));
  const client = await open(port);
  const running = client.call(hosts, () => undefined);
  const problem = { code: 'UNAUTHENTICATED', message: 'the token was revoked', hint: 'Log in again.', details: [] };
  socket().send(JSON.stringify({ kind: 'refused', problem }));
  await t.rejects(running.finished, { code: 'UNAUTHENTICATED' });
  socket().close(4401);

  await t.rejects(client.call(hosts, () => undefined).finished, { code: 'UNAUTHENTICATED' });
});
