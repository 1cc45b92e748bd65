// Logs and commands over the agent's socket: backpressure, credit, ends, and control messages that never wait.
import t, { type Test } from 'tap';
import type {
  ContainerEngine,
  ContainerObservation,
  OnChunk,
  OutputStream,
} from '../../agent/engine/container-engine.ts';
import { StreamServer } from '../../agent/streams/stream-server.ts';
import { MOST_STREAMS } from '../../agent/streams/stream-server.ts';
import type { CoordinatorMessage } from '../../protocol/agent-messages.ts';
import { STREAM_CHUNK_BYTES, STREAM_WINDOW_BYTES } from '../../protocol/version.ts';
import { appName } from '../support/app-builders.ts';
import { FakeCoordinator, type FakeConnection } from '../support/fake-coordinator.ts';
import { pollUntil } from '../support/poll-until.ts';
import { runSession, SESSION_PUBLIC_KEY, type SessionStage } from '../support/session-stage.ts';

type Logs = (
  onChunk: OnChunk,
  signal: AbortSignal,
  options: Parameters<ContainerEngine['readLogs']>[1],
) => Promise<unknown>;

/** The part of an engine that streams use; containers and their outputs are the test's. */
class StreamEngine {
  containers: ContainerObservation[] = [];
  readonly logs = new Map<string, Logs>();
  exec: (onChunk: OnChunk, signal: AbortSignal) => OutputStream = () => {
    throw new Error('no command was scripted');
  };

  add(instance: string, service: string, logs: Logs, fields: Partial<ContainerObservation> = {}): void {
    const observed = {
      instance,
      app: 'shop',
      service,
      replica: 1,
      state: 'running',
      release: 1,
      startedAtMs: 0,
      ...fields,
    };
    this.containers.push(observed as ContainerObservation);
    this.logs.set(instance, logs);
  }

  port(): ContainerEngine {
    const port: Pick<ContainerEngine, 'observe' | 'readLogs' | 'openExec'> = {
      observe: async () => ({ containers: [...this.containers], networks: [], volumes: [] }),
      readLogs: async (instance, options, onChunk, signal) => {
        const moment = await this.logs.get(instance)?.(onChunk, signal, options);
        return typeof moment === 'string' ? moment : null;
      },
      openExec: async (_instance, _command, _options, onChunk, signal) => this.exec(onChunk, signal),
    };
    return port as ContainerEngine;
  }
}

interface Stage {
  readonly engine: StreamEngine;
  readonly streams: StreamServer;
  readonly agent: SessionStage;
  readonly coordinator: FakeCoordinator;
  readonly connection: FakeConnection;
}

async function stage(t: Test, allowExec = true): Promise<Stage> {
  const coordinator = await FakeCoordinator.listen({ publicKey: SESSION_PUBLIC_KEY, heartbeatMs: 3_600_000 });
  const engine = new StreamEngine();
  const held: { streams: StreamServer | null } = { streams: null };
  const agent = runSession({
    url: coordinator.url,
    duties: {
      onMessage: (link, message) => {
        if (
          message.kind !== 'assignment' &&
          message.kind !== 'secrets' &&
          message.kind !== 'registry-credential' &&
          message.kind !== 'power-off-noted' &&
          message.kind !== 'resolve'
        )
          held.streams?.onMessage(link, message);
      },
    },
  });
  const streams = new StreamServer({ engine: engine.port(), clock: agent.clock, allowExec });
  held.streams = streams;
  t.teardown(async () => {
    await agent.stop();
    await coordinator.close();
  });
  const connection = await coordinator.session(0);
  await agent.state('connected');
  return { engine, streams, agent, coordinator, connection };
}

const target = (service: string | null = 'web', instance: string | null = null) => ({
  app: appName('shop'),
  service,
  instance,
});
const openLogs = (
  stream: string,
  fields: { follow?: boolean; service?: string | null; instance?: string | null } = {},
) =>
  ({
    kind: 'stream-open',
    stream,
    what: 'logs',
    target: target(fields.service === undefined ? 'web' : fields.service, fields.instance ?? null),
    follow: fields.follow ?? false,
    tail: null,
    sinceMs: null,
  }) as const;
const openExec = (stream: string): CoordinatorMessage => ({
  kind: 'exec-open',
  stream,
  target: target(),
  command: ['sh'],
  tty: false,
  size: null,
});

function output(connection: FakeConnection, stream: string, fd = 1): string {
  const parts = connection.all('stream-data').filter((each) => each.stream === stream && each.fd === fd);
  return Buffer.concat(parts.map(({ data }) => Buffer.from(data, 'base64'))).toString('utf8');
}

const say =
  (text: string): Logs =>
  async (onChunk) => {
    await onChunk(1, Buffer.from(text));
  };

t.test('logs: what one instance said, as it said it, and one end', async (t) => {
  const { engine, streams, coordinator, connection } = await stage(t);
  engine.add('i-1', 'web', async (onChunk) => {
    await onChunk(1, Buffer.from('out without end'));
    await onChunk(2, Buffer.from('err\n'));
  });

  connection.send(openLogs('s1'));
  const end = await coordinator.message(connection, 'stream-end');

  t.same(end, { kind: 'stream-end', stream: 's1', exitCode: null, problem: null });
  t.equal(output(connection, 's1'), 'out without end');
  t.equal(output(connection, 's1', 2), 'err\n');
  await pollUntil(
    async () => streams.openStreams,
    (open) => open === 0,
  );
});

t.test('logs: several instances share a stream, each part with its source', async (t) => {
  const { engine, coordinator, connection } = await stage(t);
  engine.add('i-1', 'web', say('a\nb\n'));
  engine.add('i-2', 'web', say('c\nd'), { replica: 2 });

  connection.send(openLogs('s1'));
  await coordinator.message(connection, 'stream-end');

  t.same(
    connection.all('stream-data').map(({ data, source }) => [Buffer.from(data, 'base64').toString(), source]),
    [
      ['a\nb\n', { service: 'web-1', instance: 'i-1' }],
      ['c\nd', { service: 'web-2', instance: 'i-2' }],
    ],
  );
});

t.test('logs: nothing matches', async (t) => {
  const { coordinator, connection } = await stage(t);

  connection.send(openLogs('s1', { service: 'cache' }));

  const end = await coordinator.message(connection, 'stream-end');
  t.match(end.problem, { code: 'NOT_FOUND', message: /shop\/cache/ });
});

t.test('logs: following goes on over a replaced instance', async (t) => {
  const { engine, agent, coordinator, connection } = await stage(t);
  engine.add('i-1', 'web', say('old\n'));
  connection.send(openLogs('s1', { follow: true }));
  await coordinator.until(() => (output(connection, 's1') === 'old\n' ? true : null));

  engine.containers = [];
  engine.add('i-2', 'web', say('new\n'), { release: 2 });
  await agent.clock.advance(1_000);
  await coordinator.until(() => (output(connection, 's1') === 'old\nnew\n' ? true : null));

  t.equal(connection.all('stream-end').length, 0);
  connection.send({ kind: 'stream-close', stream: 's1' });
  t.match(await coordinator.message(connection, 'stream-end'), { problem: null });
});

t.test('logs: following goes on through a crash loop, behind the last line of each run', async (t) => {
  const { engine, agent, coordinator, connection } = await stage(t);
  const asked: unknown[] = [];
  const run = (number: number, said: string | null): void => {
    engine.containers = [];
    const logs: Logs = async (onChunk, _signal, { tail, sinceMs, after }) => {
      asked.push({ tail, sinceMs, after });
      if (said === null) return;
      await onChunk(1, Buffer.from(said));
      return `moment ${number}`;
    };
    engine.add('i-1', 'web', logs, { startedAtMs: number, state: 'restarting' });
  };
  const heard = (text: string): Promise<unknown> =>
    coordinator.until(() => (output(connection, 's1') === text ? true : null));
  run(1, 'one\n');
  connection.send({ ...openLogs('s1', { follow: true }), tail: 10 });
  await heard('one\n');
  await agent.clock.advance(3_000);
  t.equal(asked.length, 1, 'the same run is not read again');

  run(2, 'two\n');
  await agent.clock.advance(1_000);
  await heard('one\ntwo\n');
  run(3, null);
  await agent.clock.advance(1_000);
  run(4, 'four\n');
  await agent.clock.advance(1_000);
  await heard('one\ntwo\nfour\n');

  t.match(asked, [
    { tail: 10, sinceMs: null },
    { tail: null, after: 'moment 1' },
    { tail: null, after: 'moment 2' },
    { tail: null, after: 'moment 2' },
  ]);
  t.equal(connection.all('stream-end').length, 0);
});

t.test(
  'logs: where nothing of the past was wanted or said, a new run begins at the moment of the asking',
  async (t) => {
    const { engine, agent, connection } = await stage(t);
    const asked: unknown[] = [];
    const silent: Logs = async (_onChunk, _signal, { tail, sinceMs }) => void asked.push({ tail, sinceMs });
    engine.add('i-1', 'web', silent, { startedAtMs: 1 });
    const { wallMs } = agent.clock.now();
    connection.send({ ...openLogs('s1', { follow: true }), tail: 0 });
    await pollUntil(
      async () => asked.length,
      (count) => count === 1,
    );
    engine.containers = [];
    engine.add('i-1', 'web', silent, { startedAtMs: 2 });
    await agent.clock.advance(1_000);
    t.same(asked, [
      { tail: 0, sinceMs: null },
      { tail: null, sinceMs: wallMs },
    ]);
  },
);

t.test('logs: a reader without credit stops the source after the window, and nothing else', async (t) => {
  const { engine, agent, coordinator, connection } = await stage(t);
  let read = 0;
  engine.add('i-1', 'web', async (onChunk, signal) => {
    while (!signal.aborted && read < 4 * STREAM_WINDOW_BYTES) {
      read += STREAM_CHUNK_BYTES;
      await onChunk(1, Buffer.alloc(STREAM_CHUNK_BYTES, 'x'));
    }
  });
  connection.send(openLogs('s1'));
  await coordinator.until(() => (output(connection, 's1').length === STREAM_WINDOW_BYTES ? true : null));
  agent.links[0]?.send({ kind: 'unsupported', of: 'still-talking' });
  await coordinator.message(connection, 'unsupported');
  t.equal(read, STREAM_WINDOW_BYTES + STREAM_CHUNK_BYTES, 'one chunk waits');

  connection.send({ kind: 'stream-credit', stream: 's1', bytes: STREAM_WINDOW_BYTES });
  await coordinator.until(() => (output(connection, 's1').length === 2 * STREAM_WINDOW_BYTES ? true : null));
  connection.send({ kind: 'stream-credit', stream: 's1', bytes: STREAM_WINDOW_BYTES });
  connection.send({ kind: 'stream-credit', stream: 's1', bytes: STREAM_WINDOW_BYTES });
  await coordinator.until(() => (output(connection, 's1').length >= 3 * STREAM_WINDOW_BYTES ? true : null));
  connection.send({ kind: 'stream-credit', stream: 's1', bytes: STREAM_WINDOW_BYTES });
  await coordinator.message(connection, 'stream-end');

  t.equal(output(connection, 's1').length, 4 * STREAM_WINDOW_BYTES);
});

t.test('streams: while the coordinator reads nothing, control messages wait behind little data', async (t) => {
  const { engine, agent, coordinator, connection } = await stage(t);
  for (let index = 0; index < 20; index += 1) {
    engine.add(`i-${index}`, `s${index}`, async (onChunk) => {
      await onChunk(1, Buffer.alloc(STREAM_WINDOW_BYTES, 'x'));
    });
  }
  connection.pause();
  for (let index = 0; index < 20; index += 1) connection.send(openLogs(`s${index}`, { service: `s${index}` }));
  const [link] = agent.links;
  await pollUntil(
    async () => link?.bufferedBytes ?? 0,
    (bytes) => bytes > 0,
  );

  link?.send({ kind: 'unsupported', of: 'urgent' });

  t.ok((link?.bufferedBytes ?? 0) < 200 * 1024, String(link?.bufferedBytes));
  connection.resume();
  await coordinator.until(() => (connection.all('stream-end').length === 20 ? true : null));
  const kinds = connection.received.map(({ kind }) => kind);
  t.ok(
    kinds.slice(kinds.indexOf('unsupported')).includes('stream-data'),
    'it came before the rest of the data, however late anybody looks',
  );
});

t.test('streams: end with their connection', async (t) => {
  const { engine, streams, agent, coordinator, connection } = await stage(t);
  let aborted = 0;
  engine.add(
    'i-1',
    'web',
    (_onChunk, signal) =>
      new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          aborted += 1;
          resolve();
        }),
      ),
  );
  connection.send(openLogs('s1', { follow: true }));
  connection.send(openLogs('s2', { follow: true }));
  await pollUntil(
    async () => streams.openStreams,
    (open) => open === 2,
  );

  connection.terminate();
  await agent.state('waiting');

  await pollUntil(
    async () => streams.openStreams,
    (open) => open === 0,
  );
  t.equal(aborted, 2);
  t.equal(coordinator.connections.length, 1);
});

t.test('streams: too many, and the same name twice, are refused', async (t) => {
  const { engine, coordinator, connection } = await stage(t);
  engine.add(
    'i-1',
    'web',
    (_onChunk, signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  );
  for (let index = 0; index < MOST_STREAMS; index += 1) connection.send(openLogs(`s${index}`, { follow: true }));
  connection.send(openLogs('s0', { follow: true }));
  connection.send(openLogs('more', { follow: true }));

  const same = await coordinator.message(connection, 'stream-end', ({ stream }) => stream === 's0');
  const more = await coordinator.message(connection, 'stream-end', ({ stream }) => stream === 'more');

  t.equal(same.problem?.code, 'CONFLICT');
  t.equal(more.problem?.code, 'RATE_LIMITED');
});

interface Command {
  readonly input: string[];
  readonly sizes: (readonly [number, number])[];
  readonly exit: (code: number) => void;
  readonly stream: (onChunk: OnChunk, signal: AbortSignal) => OutputStream;
}

/** A command that gives back its input in capitals and ends with 3 at the end of its input. */
function command(): Command {
  const input: string[] = [];
  const sizes: (readonly [number, number])[] = [];
  let exit: (code: number | null) => void = () => undefined;
  const exitCode = new Promise<number | null>((resolve) => (exit = resolve));
  return {
    input,
    sizes,
    exit: (code) => exit(code),
    stream: (onChunk, signal) => {
      signal.addEventListener('abort', () => exit(null));
      return {
        exitCode,
        write: async (data) => {
          input.push(Buffer.from(data).toString());
          await onChunk(1, Buffer.from(Buffer.from(data).toString().toUpperCase()));
        },
        end: () => exit(3),
        resize: async (columns, rows) => void sizes.push([columns, rows]),
      };
    },
  };
}

const type = (stream: string, text: string) =>
  ({ kind: 'stream-data', stream, fd: 0, data: Buffer.from(text).toString('base64') }) as const;

t.test('exec: input in order, output, size, end of input, exit code', async (t) => {
  const { engine, coordinator, connection } = await stage(t);
  engine.add('i-1', 'web', say(''));
  const shell = command();
  engine.exec = shell.stream;

  connection.send(openExec('e1'));
  connection.send(type('e1', 'one '));
  connection.send(type('e1', 'two'));
  connection.send({ kind: 'stream-resize', stream: 'e1', columns: 100, rows: 40 });
  connection.send({ kind: 'stream-close', stream: 'e1' });
  const end = await coordinator.message(connection, 'stream-end');

  t.same(end, { kind: 'stream-end', stream: 'e1', exitCode: 3, problem: null });
  t.same(shell.input, ['one ', 'two']);
  t.same(shell.sizes, [[100, 40]]);
  t.equal(output(connection, 'e1'), 'ONE TWO');
  t.same(
    connection.all('stream-credit').map(({ bytes }) => bytes),
    [4, 3],
    'what the command took is credited',
  );
});

t.test('exec: a second close ends a command that does not end by itself', async (t) => {
  const { engine, streams, coordinator, connection } = await stage(t);
  engine.add('i-1', 'web', say(''));
  const shell = command();
  engine.exec = (onChunk, signal) => ({ ...shell.stream(onChunk, signal), end: () => undefined });

  connection.send(openExec('e1'));
  connection.send({ kind: 'stream-close', stream: 'e1' });
  connection.send({ kind: 'stream-close', stream: 'e1' });

  t.match(await coordinator.message(connection, 'stream-end'), { exitCode: null });
  await pollUntil(
    async () => streams.openStreams,
    (open) => open === 0,
  );
});

t.test('exec: the end of the agent waits until a command is killed', async (t) => {
  const { engine, streams, agent, connection } = await stage(t);
  engine.add('i-1', 'web', say(''));
  const shell = command();
  let kill: (code: number | null) => void = () => undefined;
  const killed = new Promise<number | null>((resolve) => (kill = resolve));
  engine.exec = (onChunk, signal) => ({ ...shell.stream(onChunk, signal), exitCode: killed });
  connection.send(openExec('e1'));
  await pollUntil(
    async () => streams.openStreams,
    (open) => open === 1,
  );

  await agent.stop();
  let hasSettled = false;
  const settled = streams.settled(60_000).then(() => (hasSettled = true));
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(hasSettled, false);
  kill(null);
  await settled;
  await streams.settled(60_000);
});

t.test('exec: nothing runs there, or the policy forbids it', async (t) => {
  const { coordinator, connection } = await stage(t);
  connection.send(openExec('e1'));
  t.match((await coordinator.message(connection, 'stream-end')).problem, {
    code: 'NOT_FOUND',
    message: /exec in shop\/web/,
  });

  const closed = await stage(t, false);
  closed.connection.send(openExec('e1'));
  t.match((await closed.coordinator.message(closed.connection, 'stream-end')).problem, { code: 'POLICY_REFUSED' });
});

t.test('exec: more input than its window cuts it off', async (t) => {
  const { engine, coordinator, connection } = await stage(t);
  engine.add('i-1', 'web', say(''));
  const shell = command();
  engine.exec = (onChunk, signal) => ({ ...shell.stream(onChunk, signal), write: () => new Promise(() => undefined) });

  connection.send(openExec('e1'));
  connection.send(type('e1', 'x'.repeat(STREAM_WINDOW_BYTES)));
  connection.send(type('e1', 'y'));

  t.match(await coordinator.message(connection, 'stream-end'), { problem: { code: 'TOO_LARGE' } });
});
