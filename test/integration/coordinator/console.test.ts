import { once } from 'node:events';
import { createServer } from 'node:http';
import { Socket } from 'node:net';
import { WebSocket } from 'ws';
import t from 'tap';
import type { Test } from 'tap';
import type { Change, Commands } from '../../../coordinator/commands.ts';
import { attachConsole } from '../../../coordinator/console/console-socket.ts';
import { AttemptLimit } from '../../../coordinator/http/attempt-limit.ts';
import type { ConsoleFrame, ConsoleRequest } from '../../../protocol/console.ts';
import { STREAM_WINDOW_BYTES } from '../../../protocol/version.ts';
import { openApiStage } from '../../support/api-stage.ts';
import type { ApiStageOptions } from '../../support/api-stage.ts';
import { ACTORS, fakeCommands } from '../../support/fake-commands.ts';
import { pollUntil } from '../../support/poll-until.ts';
import { askAndHold, askAndReset } from '../../support/upgrade-client.ts';
import { aDeploymentView, aHostId, aHostView } from '../../support/views.ts';

interface Client {
  readonly frames: ConsoleFrame[];
  readonly socket: WebSocket;
  send(request: ConsoleRequest | object): void;
  until(test: (frame: ConsoleFrame) => boolean): Promise<ConsoleFrame>;
}

async function connect(
  t: Test,
  given: Partial<Commands>,
  token: string | null = 'operator',
  options: Pick<ApiStageOptions, 'pingMs'> = {},
): Promise<Client> {
  const { url } = await openApiStage(t, { commands: fakeCommands(given), ...options });
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/console`, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  const frames: ConsoleFrame[] = [];
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as ConsoleFrame));
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  return {
    frames,
    socket,
    send: (request) => socket.send(JSON.stringify(request)),
    until: async (test) => {
      const found = await pollUntil(
        async () => frames.find(test),
        (frame) => frame !== undefined,
      );
      if (found === undefined) throw new Error('no such frame');
      return found;
    },
  };
}

function tcpOf(socket: WebSocket): Socket {
  const tcp: unknown = Reflect.get(socket, '_socket');
  if (!(tcp instanceof Socket)) throw new Error('ws keeps its TCP socket elsewhere now');
  return tcp;
}

t.test('console: welcomes a token of the header, and one of the first frame', async (t) => {
  const byHeader = await connect(t, {});
  t.match(await byHeader.until((frame) => frame.kind === 'welcome'), {
    role: 'operator',
    name: 'olaf',
    version: '9.9.9',
  });

  const byFrame = await connect(t, {}, null);
  byFrame.send({ kind: 'login', token: 'viewer' });
  t.match(await byFrame.until((frame) => frame.kind === 'welcome'), { role: 'viewer' });
});

t.test('console: refuses a wrong token and a first frame that is no login, and ends', async (t) => {
  const wrong = await connect(t, {}, 'nobody');
  t.match(await wrong.until((frame) => frame.kind === 'refused'), { problem: { code: 'UNAUTHENTICATED' } });
  await pollUntil(
    async () => wrong.socket.readyState === WebSocket.CLOSED,
    (reached) => reached,
  );

  const early = await connect(t, {}, null);
  early.send({ kind: 'line', id: '1', text: 'hosts' });
  t.match(await early.until((frame) => frame.kind === 'refused'), { problem: { code: 'UNAUTHENTICATED' } });
});

t.test('console: a first frame that is large or deep is refused before it is parsed', async (t) => {
  for (const text of ['['.repeat(15_000), ' '.repeat(200_000)]) {
    const client = await connect(t, {}, null);
    client.socket.send(text);
    await once(client.socket, 'close');
  }
});

t.test(
  'console: what runs with a token that is revoked ends at once, also where the client does not answer',
  async (t) => {
    let isRevoked = false;
    let ended = false;
    const stage = await openApiStage(t, {
      commands: fakeCommands({
        authenticate: async () => (isRevoked ? null : ACTORS.operator),
        exec: async (_request, _actor, _sink, signal) => {
          const exit = new Promise<number>((resolve) => signal.addEventListener('abort', () => resolve(0)));
          void exit.then(() => (ended = true));
          return { exit, write: async () => undefined, end: () => undefined, resize: () => undefined };
        },
      }),
    });
    const socket = new WebSocket(`${stage.url.replace('http', 'ws')}/v1/console`, {
      headers: { authorization: 'Bearer operator' },
    });
    t.teardown(() => socket.terminate());
    const frames: ConsoleFrame[] = [];
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as ConsoleFrame));
    await once(socket, 'open');
    const call = { app: 'web', service: 'web', host: null, command: ['sh'], tty: false, size: null };
    socket.send(JSON.stringify({ kind: 'exec', id: 'e', ...call }));
    socket.send(JSON.stringify({ kind: 'line', id: 'x', text: 'help' }));
    await pollUntil(
      async () => frames.some((frame) => frame.kind === 'done' && frame.id === 'x'),
      (reached) => reached,
    );

    stage.checkTokens();
    t.equal(ended, false, 'the token of this one is good');
    t.equal(stage.sessions(), 1);
    isRevoked = true;
    // From here on the client reads nothing and answers nothing.
    tcpOf(socket).pause();
    stage.checkTokens();

    await pollUntil(
      async () => ended,
      (reached) => reached,
    );
  },
);

t.test('console: a socket that does not read is cut off, whatever it has asked for', async (t) => {
  let asked = 0;
  const stage = await openApiStage(t, {
    commands: fakeCommands({
      listHosts: async () => {
        asked += 1;
        return { items: [aHostView({ name: 'x'.repeat(1024 * 1024) })], next: null };
      },
    }),
  });
  const socket = new WebSocket(`${stage.url.replace('http', 'ws')}/v1/console`, {
    headers: { authorization: 'Bearer operator' },
  });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  tcpOf(socket).pause();
  for (let id = 0; id < 2_000; id += 1) socket.send(JSON.stringify({ kind: 'line', id: String(id), text: 'hosts' }));

  await pollUntil(stage.connections, (count) => count === 0);
  t.ok(asked < 200, `${asked} answers were made`);
});

t.test('console: output of many hosts that the reader does not take ends its stream', async (t) => {
  const client = await connect(t, {
    logs: (_request, sink, signal) => {
      const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      for (let host = 0; host < 200; host += 1) sink.holds?.(STREAM_WINDOW_BYTES);
      return ended;
    },
  });
  const logs = { kind: 'logs', app: 'web', service: null, host: null, follow: true, tail: null, sinceMs: null };
  client.send({ ...logs, id: 'l' });

  t.match(await client.until((frame) => frame.kind === 'done'), {
    problem: { code: 'TOO_LARGE', hint: /fewer hosts/ },
  });
});

t.test('console: a page of another origin is refused before the socket opens', async (t) => {
  const { url } = await openApiStage(t, { commands: fakeCommands({}) });
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/console`, { origin: 'http://evil.example' });

  const [error] = (await once(socket, 'error')) as [Error];

  t.match(error.message, /403/);
});

t.test('console: who is refused for its origin and has left, or stays, is let go', async (t) => {
  const stage = await openApiStage(t, { commands: fakeCommands({}) });
  const origin = ['Origin: http://evil.example'];

  for (let count = 0; count < 20; count++) await askAndReset(stage.port, '/v1/console', origin);
  t.match(await askAndHold(t, stage.port, '/v1/console', origin), /^HTTP\/1\.1 403 /);

  await pollUntil(stage.connections, (count) => count === 0);
  await stage.close();
});

t.test('console: who comes after its end is answered 503 and let go', async (t) => {
  const server = createServer();
  const { commands, wallMs } = { commands: fakeCommands({}), wallMs: () => Date.now() };
  const attempts = new AttemptLimit({ perMinute: 1_000, monotonicMs: () => performance.now() });
  const sockets = attachConsole({
    server,
    commands,
    wallMs,
    attempts,
    addressOf: () => '',
    version: '9.9.9',
    log: { error: () => undefined },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  sockets.close();

  const port = typeof address === 'object' && address !== null ? address.port : 0;
  t.match(await askAndHold(t, port, '/v1/console'), /^HTTP\/1\.1 503 /);
  await new Promise((resolve) => server.close(resolve));
});

t.test('console: a line is answered with text and done, a wrong one with its problem', async (t) => {
  const client = await connect(t, { listHosts: () => Promise.resolve({ items: [aHostView()], next: null }) });
  client.send({ kind: 'line', id: 'a', text: 'hosts' });
  client.send({ kind: 'line', id: 'b', text: 'tokens' });
  client.send({ kind: 'complete', id: 'c', text: 'drain q' });

  t.match(await client.until((frame) => frame.kind === 'text'), { id: 'a', text: /quay-1/ });
  t.match(await client.until((frame) => frame.kind === 'done' && frame.id === 'a'), { exit: 0, problem: null });
  t.match(await client.until((frame) => frame.kind === 'done' && frame.id === 'b'), {
    exit: 6,
    problem: { code: 'FORBIDDEN' },
  });
  t.match(await client.until((frame) => frame.kind === 'completions'), { id: 'c', items: ['quay-1'] });
});

t.test('console: a frame that is none ends the socket with the reason', async (t) => {
  const client = await connect(t, {});
  await client.until((frame) => frame.kind === 'welcome');
  client.socket.send('{"kind":"dance"}');

  t.match(await client.until((frame) => frame.kind === 'refused'), { problem: { code: 'FRAME_INVALID' } });
  await pollUntil(
    async () => client.socket.readyState === WebSocket.CLOSED,
    (reached) => reached,
  );
});

t.test('console: watch gives the state and then changes, and ends when cancelled', async (t) => {
  let publish: (change: Change) => void = () => undefined;
  const client = await connect(t, {
    listHosts: () => Promise.resolve({ items: [aHostView()], next: null }),
    listDeployments: () => Promise.resolve({ items: [aDeploymentView({ steps: [] })], next: null }),
    getDeployment: () => Promise.resolve(aDeploymentView()),
    watch: (onChange) => {
      publish = onChange;
    },
  });
  client.send({ kind: 'watch', id: 'w', app: null, deployment: null });
  await client.until((frame) => frame.kind === 'host');
  await client.until((frame) => frame.kind === 'deployment' && frame.deployment.steps.length === 1);
  publish({ kind: 'deployment', deployment: aDeploymentView({ state: 'succeeded' }) });

  await client.until((frame) => frame.kind === 'deployment' && frame.deployment.state === 'succeeded');
  client.send({ kind: 'cancel', id: 'w' });
  t.match(await client.until((frame) => frame.kind === 'done'), { id: 'w', exit: 0 });
});

t.test('console: watch gives every host of a large fleet, and says first that it listens', async (t) => {
  const client = await connect(t, {
    listHosts: ({ cursor, limit }) => {
      const from = Number(cursor ?? 0);
      const items = Array.from({ length: limit }, (_, index) => aHostView({ id: aHostId(from + index) }));
      return Promise.resolve({ items, next: from + limit < 1_500 ? String(from + limit) : null });
    },
    listDeployments: () => Promise.resolve({ items: [aDeploymentView({ steps: [] })], next: null }),
    getDeployment: () => Promise.resolve(aDeploymentView()),
    watch: () => undefined,
  });
  client.send({ kind: 'watch', id: 'w', app: null, deployment: null });
  await client.until((frame) => frame.kind === 'deployment');

  const hosts = client.frames.flatMap((frame) => (frame.kind === 'host' ? [frame.host.id] : []));
  t.equal(new Set(hosts).size, 1_500);
  t.match(client.frames[1], { kind: 'watching', id: 'w' });
});

t.test('console: logs wait for credit, so a reader that stops is not flooded', async (t) => {
  const chunk = Buffer.alloc(32 * 1024, 'x');
  let sent = 0;
  const client = await connect(t, {
    logs: async (_request, sink, signal) => {
      for (let n = 0; n < 64 && !signal.aborted; n += 1) {
        await sink.chunk({ host: 'quay-1', service: 'web', instance: 'i' }, 1, chunk);
        sent += chunk.byteLength;
      }
    },
  });
  client.send({
    kind: 'logs',
    id: 'l',
    app: 'shop',
    service: null,
    host: null,
    follow: false,
    tail: null,
    sinceMs: null,
  });
  await pollUntil(
    async () => sent === STREAM_WINDOW_BYTES,
    (reached) => reached,
  );
  client.send({ kind: 'line', id: 'h', text: 'help' });
  await client.until((frame) => frame.kind === 'done' && frame.id === 'h');
  t.equal(sent, STREAM_WINDOW_BYTES, 'nothing more without credit, while other calls go on');

  // As a reader does: for each chunk that it took.
  client.socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as ConsoleFrame;
    if (frame.kind === 'chunk') client.send({ kind: 'credit', id: 'l', bytes: chunk.byteLength });
  });
  client.send({ kind: 'credit', id: 'l', bytes: STREAM_WINDOW_BYTES });
  t.match(await client.until((frame) => frame.kind === 'done' && frame.id === 'l'), { exit: 0 });
  t.equal(sent, 64 * chunk.byteLength);
});

t.test('console: exec carries input, output and the exit code; a viewer may not', async (t) => {
  const client = await connect(t, {
    exec: (_request, _actor, sink) => {
      let finish: (code: number) => void = () => undefined;
      const exit = new Promise<number>((resolve) => {
        finish = resolve;
      });
      return Promise.resolve({
        exit,
        write: async (data) => sink.chunk(null, 1, Buffer.from(`echo ${Buffer.from(data).toString()}`)),
        end: () => finish(7),
        resize: () => undefined,
      });
    },
  });
  const request = {
    kind: 'exec',
    id: 'e',
    app: 'shop',
    service: 'web',
    host: null,
    command: ['cat'],
    tty: false,
    size: null,
  };
  client.send(request);
  client.send({ kind: 'input', id: 'e', data: Buffer.from('hello').toString('base64') });
  const out = await client.until((frame) => frame.kind === 'chunk');
  t.equal(out.kind === 'chunk' ? Buffer.from(out.data, 'base64').toString() : '', 'echo hello');
  t.match(await client.until((frame) => frame.kind === 'credit'), { id: 'e', bytes: 5 });
  client.send({ kind: 'input-end', id: 'e' });
  t.match(await client.until((frame) => frame.kind === 'done' && frame.id === 'e'), { exit: 7 });

  const viewer = await connect(t, {}, 'viewer');
  await viewer.until((frame) => frame.kind === 'welcome');
  viewer.send(request);
  t.match(await viewer.until((frame) => frame.kind === 'done'), { problem: { code: 'FORBIDDEN' } });
});

t.test('console: input that nobody takes ends the call and not the coordinator', async (t) => {
  let aborted = false;
  const client = await connect(t, {
    exec: (_request, _actor, _sink, signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      const forever = new Promise<never>(() => undefined);
      return Promise.resolve({ exit: forever, write: () => forever, end: () => undefined, resize: () => undefined });
    },
  });
  const target = { app: 'shop', service: 'web', host: null, command: ['cat'], tty: false, size: null };
  client.send({ kind: 'exec', id: 'e', ...target });
  const data = Buffer.alloc(64 * 1024).toString('base64');
  for (let sent = 0; sent <= 2 * STREAM_WINDOW_BYTES; sent += 64 * 1024) client.send({ kind: 'input', id: 'e', data });

  t.match(await client.until((frame) => frame.kind === 'done'), { id: 'e', problem: { code: 'TOO_LARGE' } });
  t.ok(aborted, 'the command is ended');
});

t.test('console: a token that is revoked opens nothing more, and its streams end', async (t) => {
  let works = true;
  let began = false;
  let ended = false;
  const authenticate: Commands['authenticate'] = () => Promise.resolve(works ? ACTORS.operator : null);
  const follow: Commands['logs'] = (_request, _sink, signal) =>
    new Promise((resolve) => {
      began = true;
      signal.addEventListener('abort', () => {
        ended = true;
        resolve();
      });
    });
  const client = await connect(t, { authenticate, logs: follow }, 'operator', { pingMs: 200 });
  await client.until((frame) => frame.kind === 'welcome');
  client.send({
    kind: 'logs',
    id: 'l',
    app: 'shop',
    service: null,
    host: null,
    follow: true,
    tail: null,
    sinceMs: null,
  });
  await pollUntil(
    async () => began,
    (reached) => reached,
  );
  works = false;
  client.send({ kind: 'line', id: 'h', text: 'help' });

  t.match(await client.until((frame) => frame.kind === 'done' && frame.id === 'h'), {
    problem: { code: 'UNAUTHENTICATED' },
  });
  t.match(await client.until((frame) => frame.kind === 'refused'), { problem: { code: 'UNAUTHENTICATED' } });
  await pollUntil(
    async () => ended,
    (reached) => reached,
  );
});

t.test('console: the end of the socket ends its streams', async (t) => {
  let ended = false;
  const client = await connect(t, {
    logs: (_request, _sink, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          ended = true;
          resolve();
        }),
      ),
  });
  await client.until((frame) => frame.kind === 'welcome');
  client.send({
    kind: 'logs',
    id: 'l',
    app: 'shop',
    service: null,
    host: null,
    follow: true,
    tail: null,
    sinceMs: null,
  });
  client.send({ kind: 'line', id: 'x', text: 'help' });
  await client.until((frame) => frame.kind === 'done' && frame.id === 'x');
  client.socket.terminate();

  await pollUntil(
    async () => ended,
    (reached) => reached,
  );
  t.ok(ended);
});

t.test('console: a socket that ends while its token is looked up leaves nothing behind', async (t) => {
  const asked: string[] = [];
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const authenticate: Commands['authenticate'] = async (token) => {
    asked.push(token);
    if (token === 'viewer') await held;
    return ACTORS.operator;
  };
  const { url, connections } = await openApiStage(t, { commands: fakeCommands({ authenticate }), pingMs: 20 });
  const open = async (token: string): Promise<WebSocket> => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/console`, {
      headers: { authorization: `Bearer ${token}` },
    });
    t.teardown(() => socket.terminate());
    await once(socket, 'open');
    return socket;
  };
  await open('operator');
  const gone = await open('viewer');
  await pollUntil(
    async () => asked.includes('viewer'),
    (reached) => reached,
  );
  // A reset: the coordinator sees it although it does not read from the socket meanwhile.
  tcpOf(gone).resetAndDestroy();
  await pollUntil(connections, (count) => count === 1);
  answer();

  const before = asked.length;
  await pollUntil(
    async () => asked.length,
    (count) => count >= before + 6,
  );
  t.equal(asked.filter((token) => token === 'viewer').length, 1, 'its token is not looked at again');
});
