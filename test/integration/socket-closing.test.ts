// A peer that does not answer a close holds nobody up: the connection is cut.
import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { mock } from 'node:test';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { dialWebSocket } from '../../agent/session/frame-socket.ts';
import { ConsoleClient } from '../../cli/client/console-client.ts';
import { acceptAgents, type AgentSocket } from '../../coordinator/hub/agent-socket.ts';
import { SOCKET_CLOSING } from '../../protocol/socket-closing.ts';
import { AGENT_SOCKET_PATH, CONSOLE_SOCKET_PATH } from '../../protocol/version.ts';
import { openApiStage } from '../support/api-stage.ts';
import { fakeCommands } from '../support/fake-commands.ts';
import { pollUntil } from '../support/poll-until.ts';
import { withResolvers } from '../support/with-resolvers.ts';

/** The library's timers run by hand from here on. */
function holdTimers(t: Test): () => void {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  return () => mock.timers.tick(SOCKET_CLOSING.closeTimeout);
}

/** Opens a socket whose side reads nothing more, so that it never answers a close. */
async function deafClient(t: Test, port: number, path: string): Promise<void> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { authorization: 'Bearer any' } });
  client.on('error', () => undefined);
  t.teardown(() => client.terminate());
  await once(client, 'open');
  client.pause();
}

/** Takes sockets, welcomes them, and passes nothing on once they are closed. @returns its port, and when the peer has left */
async function deafServer(t: Test): Promise<{ port: number; left: Promise<unknown>; hush: () => void }> {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.send(JSON.stringify({ kind: 'welcome', version: '1.0.0', role: 'admin', name: 'ada' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let isDeaf = false;
  const ends: net.Socket[] = [];
  const front = net.createServer((near) => {
    const far = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    ends.push(near, far);
    near.on('error', () => undefined).on('data', (data) => isDeaf || far.write(data));
    far.on('error', () => undefined).on('data', (data) => near.write(data));
  });
  const left = once(front, 'connection').then(([near]) => once(near as net.Socket, 'close'));
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const end of ends) end.destroy();
    for (const each of sockets.clients) each.terminate();
    front.close();
    server.close();
  });
  return { port: (front.address() as AddressInfo).port, left, hush: () => (isDeaf = true) };
}

t.test('closing: the coordinator cuts an agent that does not answer', async (t) => {
  const server = createServer();
  const { promise: ended, resolve: onEnd } = withResolvers<undefined>();
  const { promise: opened, resolve: onOpen } = withResolvers<AgentSocket>();
  acceptAgents(server, { addressOf: () => '127.0.0.1', waitMs: () => 0 }, (socket) => {
    onOpen(socket);
    return { onFrame: () => undefined, onBinary: () => undefined, onEnd: () => onEnd(undefined) };
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  await deafClient(t, (server.address() as AddressInfo).port, AGENT_SOCKET_PATH);
  const socket = await opened;
  const pass = holdTimers(t);

  socket.close(1001, 'the coordinator stops');
  pass();
  await ended;
});

t.test('closing: the coordinator stops with a console that does not answer', async (t) => {
  const actor = { tokenId: 't-1', name: 'ada', role: 'admin' } as const;
  const stage = await openApiStage(t, { commands: fakeCommands({ authenticate: () => Promise.resolve(actor) }) });
  await deafClient(t, stage.port, CONSOLE_SOCKET_PATH);
  await pollUntil(
    async () => stage.sessions(),
    (sessions) => sessions === 1,
  );
  const pass = holdTimers(t);

  const closed = stage.close();
  pass();
  await closed;
});

t.test('closing: the agent leaves a coordinator that does not answer', async (t) => {
  const { port, hush } = await deafServer(t);
  const { promise: ended, resolve: onEnd } = withResolvers<undefined>();
  const { promise: heard, resolve: onHeard } = withResolvers<undefined>();
  const socket = dialWebSocket(
    { url: `ws://127.0.0.1:${port}/`, ca: undefined, userAgent: 'test', handshakeTimeoutMs: 10_000 },
    { onFrame: () => onHeard(undefined), onBinary: () => undefined, onEnd: () => onEnd(undefined) },
  );
  await heard;
  hush();
  const pass = holdTimers(t);

  socket.close(1000, 'done');
  pass();
  await ended;
});

t.test('closing: the command line leaves a coordinator that does not answer', async (t) => {
  const { port, left, hush } = await deafServer(t);
  const credentials = { url: `http://127.0.0.1:${port}`, token: 'any', ca: undefined, variables: {} };
  const client = await ConsoleClient.open(credentials, new AbortController().signal);
  hush();
  const pass = holdTimers(t);

  client.close();
  pass();
  await left;
});
