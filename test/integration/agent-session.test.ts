// The agent's session against a coordinator over a real socket: every way in which a connection begins and ends.
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { listenAsStandby } from '../../coordinator/http/standby-server.ts';
import { problem } from '../../fleet/errors.ts';
import { CLOSE } from '../../protocol/agent-messages.ts';
import { FRAME_LIMIT_BYTES } from '../../protocol/version.ts';
import { pollUntil } from '../support/poll-until.ts';
import { FakeCoordinator, type FakeCoordinatorOptions } from '../support/fake-coordinator.ts';
import { freePort } from '../support/free-port.ts';
import {
  runSession,
  SESSION_PUBLIC_KEY,
  someHelloFacts,
  type SessionStage,
  type SessionStageOptions,
} from '../support/session-stage.ts';

interface Pair {
  readonly coordinator: FakeCoordinator;
  readonly agent: SessionStage;
}

async function pair(
  t: Test,
  coordinatorOptions: FakeCoordinatorOptions = {},
  agentOptions: Partial<SessionStageOptions> = {},
  port = 0,
): Promise<Pair> {
  const coordinator = await FakeCoordinator.listen({ publicKey: SESSION_PUBLIC_KEY, ...coordinatorOptions }, port);
  const agent = runSession({ url: coordinator.url, ...agentOptions });
  t.teardown(async () => {
    await agent.stop();
    await coordinator.close();
  });
  return { coordinator, agent };
}

t.test('session: a standby sends it on to the coordinator that leads, and back', async (t) => {
  const port = await freePort();
  const standby = await listenAsStandby({
    listen: { host: '127.0.0.1', port },
    tls: null,
    version: 'test',
    leader: () => null,
  });
  t.teardown(() => standby.close());
  const other = `ws://127.0.0.1:${port}`;
  const leading = await FakeCoordinator.listen({ publicKey: SESSION_PUBLIC_KEY });
  const agent = runSession({ url: other, others: [leading.url] });
  t.teardown(() => agent.stop());
  await agent.state('connected');
  t.equal((await leading.session(0)).hello?.host, 'h-0000000000000001');

  // They change places.
  await standby.close();
  const now = await FakeCoordinator.listen({ publicKey: SESSION_PUBLIC_KEY }, port);
  t.teardown(() => now.close());
  await leading.close();
  await agent.state('waiting');
  await agent.endWait();
  await now.session(0);
  await agent.state('connected');
});

t.test('session: proves its host and says what it holds', async (t) => {
  const order = { epoch: 2, generation: 9, hash: 'h' };
  const { coordinator, agent } = await pair(
    t,
    {},
    { facts: () => someHelloFacts({ order, secrets: { 'shop/db': 4 }, labels: { zone: 'a' } }) },
  );

  const connection = await coordinator.session(0);
  await agent.state('connected');

  t.match(connection.hello, {
    host: 'h-0000000000000001',
    process: 'process-1',
    order,
    secrets: { 'shop/db': 4 },
    labels: { zone: 'a' },
  });
  t.match(connection.hello?.capabilities, ['swap', 'ingress', 'secrets', 'schedule']);
  t.equal(agent.links.length, 1);
});

t.test('session: a coordinator that goes by another address gets no proof', async (t) => {
  const { coordinator, agent } = await pair(t, { audience: 'wss://elsewhere.example' });

  const waiting = await agent.state('waiting');

  t.match(waiting.problem, { code: 'AUDIENCE_MISMATCH', message: /goes by wss:\/\/elsewhere\.example/ });
  t.ok(waiting.untilMs - waiting.sinceMs >= 120_000, 'a person has to fix it: it is tried slowly');
  t.equal(coordinator.connections[0]?.hello, null);
});

t.test('session: comes back after every kind of loss, and anew with what it then holds', async (t) => {
  let generation = 0;
  const facts = (): ReturnType<typeof someHelloFacts> =>
    someHelloFacts({ order: { epoch: 1, generation: ++generation, hash: 'h' } });
  const { coordinator, agent } = await pair(t, {}, { facts });
  const losses = [
    (index: number) => coordinator.connections[index]?.terminate(),
    (index: number) => coordinator.connections[index]?.close(CLOSE.goingAway),
    (index: number) => coordinator.connections[index]?.close(1011),
    (index: number) => coordinator.connections[index]?.sendText('no json'),
    (index: number) => coordinator.connections[index]?.sendBinary(Buffer.from([1, 2])),
  ];

  for (const [index, lose] of losses.entries()) {
    const connection = await coordinator.session(index);
    await agent.state('connected');
    t.equal(connection.hello?.order.generation, index + 1);
    lose(index);
    await agent.state('waiting');
    await agent.endWait();
  }

  await coordinator.session(losses.length);
  t.ok(
    agent.links.slice(0, -1).every(({ signal }) => signal.aborted),
    'each link ended with its connection',
  );
});

t.test(
  'session: waits longer and longer for a coordinator that is away, and dials soon after it is back',
  async (t) => {
    // Not one of those that the next connection of anybody, also the agent's own dial, may get while nobody listens.
    const port = await freePort();
    const { coordinator, agent } = await pair(t, {}, {}, port);
    await coordinator.session(0);
    await agent.state('connected');
    await coordinator.close();

    const waits: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { sinceMs, untilMs } = await agent.state('waiting');
      waits.push(untilMs - sinceMs);
      await agent.endWait();
    }
    t.ok(
      waits.every((wait, index) => index === 0 || wait > (waits[index - 1] ?? 0)),
      waits.join(' '),
    );
    t.match(agent.session.state, { kind: /waiting|connecting/ });

    const back = await FakeCoordinator.listen({ publicKey: SESSION_PUBLIC_KEY }, port);
    t.teardown(() => back.close());
    await agent.state('waiting');
    await agent.endWait();
    await back.session(0);
  },
);

t.test('session: the back-off starts anew only after a minute connected', async (t) => {
  const { coordinator, agent } = await pair(t, { heartbeatMs: 1_000_000 }, { random: () => 0.999 });
  const waits: number[] = [];
  for (let index = 0; index < 4; index += 1) {
    const connection = await coordinator.session(index);
    await agent.state('connected');
    if (index === 3) await agent.clock.advance(60_000);
    connection.terminate();
    const { sinceMs, untilMs } = await agent.state('waiting');
    waits.push(untilMs - sinceMs);
    await agent.endWait();
  }

  t.same(waits, [250, 375, 562, 250]);
});

t.test('session: a refusal is kept for people, and tried again as it asks', async (t) => {
  const inUse = {
    kind: 'refused',
    problem: problem('IDENTITY_IN_USE', 'two agents connect as web-1'),
    retryAfterMs: 300_000,
  } as const;
  const { coordinator, agent } = await pair(t, { answer: () => inUse });

  const { problem: found, sinceMs, untilMs } = await agent.state('waiting');

  t.match(found, { code: 'IDENTITY_IN_USE', message: 'two agents connect as web-1' });
  t.equal(untilMs - sinceMs, 330_000);
  const connection = await coordinator.connection(0);
  t.match(await coordinator.until(() => connection.closed), { code: CLOSE.refused });
});

t.test('session: a host that is removed while it is connected knows it', async (t) => {
  const { coordinator, agent } = await pair(t);
  const connection = await coordinator.session(0);
  await agent.state('connected');
  connection.close(CLOSE.removed, 'HOST_REMOVED');
  const { problem: found, sinceMs, untilMs } = await agent.state('waiting');
  t.match(found, { code: 'HOST_REMOVED', message: /an operator removed this host/ });
  t.ok(untilMs - sinceMs >= 60 * 60_000);
});

t.test('session: a removed host waits an hour between tries', async (t) => {
  const removed = {
    kind: 'refused',
    problem: problem('HOST_REMOVED', 'removed by an operator'),
    retryAfterMs: null,
  } as const;
  const { coordinator, agent } = await pair(t, { answer: () => removed });

  t.match(await agent.state('waiting'), { problem: { code: 'HOST_REMOVED' } });
  await agent.clock.advance(59 * 60_000);
  t.equal(coordinator.connections.length, 1);
  await agent.endWait();
  await agent.state('waiting');

  t.equal(coordinator.connections.length, 2);
});

t.test('session: another version of the protocol is said and tried slowly', async (t) => {
  const welcome = {
    kind: 'welcome',
    protocol: 99,
    session: 's',
    heartbeatMs: 1,
    coordinatorVersion: '42',
    name: 'a',
  } as const;
  const { agent } = await pair(t, { answer: () => welcome });

  const { problem: found } = await agent.state('waiting');

  t.match(found, { code: 'PROTOCOL_VERSION', message: /42 speaks protocol 99/ });
  t.equal(agent.links.length, 0);
});

t.test('session: silence ends a connection, any frame is a sign of life', async (t) => {
  const { coordinator, agent } = await pair(t, { heartbeatMs: 10_000 });
  const connection = await coordinator.session(0);
  await agent.state('connected');

  await agent.clock.advance(60_000);
  connection.send({ kind: 'heartbeat' });
  await untilHeard(agent, 60_000);
  await agent.clock.advance(64_000);
  t.equal(agent.session.state.kind, 'connected');
  await agent.clock.advance(2_000);
  const { problem: found } = await agent.state('waiting');

  t.match(found, { code: 'TIMEOUT', message: /nothing came for 65 s/ });
});

t.test('session: heartbeats when there is nothing else to say', async (t) => {
  const { coordinator, agent } = await pair(t, { heartbeatMs: 10_000 });
  const connection = await coordinator.session(0);
  await agent.state('connected');

  await agent.clock.advance(10_000);
  await coordinator.message(connection, 'heartbeat');
  await agent.clock.advance(8_000);
  agent.links[0]?.send({ kind: 'unsupported', of: 'x' });
  await agent.clock.advance(9_000);
  t.equal(connection.all('heartbeat').length, 1, 'what is said counts as a heartbeat');
  await agent.clock.advance(1_000);

  await coordinator.until(() => (connection.all('heartbeat').length === 2 ? true : null));
});

t.test('session: drops its own connection after half an hour and is back at once', async (t) => {
  let inUse = true;
  const { coordinator, agent } = await pair(t, { heartbeatMs: 10_000_000 }, { duties: { isInUse: () => inUse } });
  await coordinator.session(0);
  await agent.state('connected');

  await agent.clock.advance(40 * 60_000);
  t.equal(agent.session.state.kind, 'connected', 'somebody reads a log: not now');
  inUse = false;
  // Only to the drop and the end of its wait: the handshake after it takes the network's time, and has a limit in the
  // clock's. The wait may have ended with the second in which it began.
  const isDropped = (): boolean => agent.states.some(({ kind }) => kind === 'waiting');
  while (!isDropped()) await agent.clock.advance(1_000);
  if (agent.session.state.kind === 'waiting') await agent.endWait();
  await coordinator.session(1);

  t.match(
    agent.states.findLast(({ kind }) => kind === 'waiting'),
    { kind: 'waiting', problem: null },
  );
  t.ok(agent.clock.now().monotonicMs <= 42 * 60_000, 'back at once');
});

t.test('session: what it does not understand loses nothing', async (t) => {
  const { coordinator, agent } = await pair(t);
  const connection = await coordinator.session(0);
  await agent.state('connected');

  connection.sendText('{"kind":"teleport","to":"mars"}');
  connection.sendText('{"kind":"secrets"}');
  connection.sendText('{"kind":"assignment","hash":"x","assignment":{"epoch":3,"generation":4}}');
  connection.sendText('{"kind":"resolve","request":"r1","reference":"a","later":true}');

  t.match(await coordinator.message(connection, 'unsupported'), { of: 'teleport' });
  t.match(await coordinator.message(connection, 'assignment-refused'), {
    epoch: 3,
    generation: 4,
    problem: { code: 'FRAME_INVALID' },
  });
  await pollUntil(
    async () => agent.messages.length,
    (count) => count > 0,
  );
  t.match(agent.messages, [{ kind: 'resolve', request: 'r1' }]);
  t.equal(agent.oddities.length, 2);
  t.equal(connection.closed, null);
});

t.test('session: a frame that is too large ends the connection before it is read', async (t) => {
  const { coordinator, agent } = await pair(t);
  const connection = await coordinator.session(0);
  await agent.state('connected');

  connection.sendText(`{"kind":"resolve","request":"r","reference":"${'x'.repeat(FRAME_LIMIT_BYTES)}"}`);

  const { problem: found } = await agent.state('waiting');
  t.match(found?.message, /max payload|too (large|big)/i);
  t.same(agent.messages, []);
});

t.test('session: messages out of their order end the connection', async (t) => {
  const challenge = { kind: 'challenge', nonce: 'n'.repeat(16), audience: 'x', protocol: { min: 1, max: 1 } } as const;
  const { coordinator, agent } = await pair(t, { answer: () => challenge });

  const { problem: found } = await agent.state('waiting');

  t.match(found, { code: 'FRAME_INVALID', message: /challenge came while the connection was at welcome/ });
  t.equal(coordinator.connections[0]?.all('hello').length, 1, 'one proof a connection');
});

t.test('session: a coordinator that takes the connection and says nothing is given up after 30 s', async (t) => {
  const { coordinator, agent } = await pair(t, { challenges: false });
  await coordinator.connection(0);

  await agent.clock.advance(30_000);

  t.match((await agent.state('waiting')).problem, { code: 'TIMEOUT', message: /no challenge within 30 s/ });
});

t.test('session: something that is no coordinator is named as it answers', async (t) => {
  const server = net.createServer((socket) =>
    socket.resume().end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = runSession({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
  t.teardown(async () => {
    await agent.stop();
    server.close();
  });

  t.match((await agent.state('waiting')).problem, { code: 'UNREACHABLE', message: /HTTP status 404/ });
});

t.test('session: two agents with one identity do not fight; the second learns why', async (t) => {
  const inUse = { kind: 'refused', problem: problem('IDENTITY_IN_USE', 'in use'), retryAfterMs: null } as const;
  let first: string | null = null;
  const coordinator = await FakeCoordinator.listen({
    publicKey: SESSION_PUBLIC_KEY,
    answer: (hello) => {
      first ??= hello.process;
      return hello.process === first ? null : inUse;
    },
  });
  const original = runSession({ url: coordinator.url, process: 'original' });
  await original.state('connected');
  const clone = runSession({ url: coordinator.url, process: 'clone-of-it' });
  t.teardown(async () => {
    await Promise.all([original.stop(), clone.stop()]);
    await coordinator.close();
  });

  const { problem: found, sinceMs, untilMs } = await clone.state('waiting');

  t.equal(found?.code, 'IDENTITY_IN_USE');
  t.ok(untilMs - sinceMs >= 120_000);
  t.equal(original.session.state.kind, 'connected');
});

t.test('session: stopping says goodbye and leaves no socket and no timer', async (t) => {
  const coordinator = await FakeCoordinator.listen({ publicKey: SESSION_PUBLIC_KEY });
  t.teardown(() => coordinator.close());
  const agent = runSession({ url: coordinator.url });
  const connection = await coordinator.session(0);
  await agent.state('connected');

  await agent.stop();
  await coordinator.until(() => connection.closed);

  t.match(connection.closed, { code: CLOSE.goingAway });
  t.equal(agent.clock.sleepers, 0);
  t.equal(coordinator.open, 0);
  await pollUntil(
    async () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap'),
    (sockets) => sockets.length === 0,
  );
});

t.test('session: stopping also ends a dial and a wait', async (t) => {
  const coordinator = await FakeCoordinator.listen({ challenges: false });
  t.teardown(() => coordinator.close());
  const dialling = runSession({ url: coordinator.url });
  await coordinator.connection(0);
  await dialling.stop();

  const away = runSession({ url: 'ws://127.0.0.1:9' });
  await away.state('waiting');
  await away.stop();

  t.equal(dialling.clock.sleepers + away.clock.sleepers, 0);
});

async function untilHeard(agent: SessionStage, atMs: number): Promise<void> {
  while (agent.session.heardAtMs !== atMs) await new Promise((resolve) => setImmediate(resolve));
}
