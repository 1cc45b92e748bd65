import t from 'tap';
import type { CoordinatorMessage } from '../../../protocol/agent-messages.ts';
import { STREAM_CHUNK_BYTES, STREAM_WINDOW_BYTES } from '../../../protocol/version.ts';
import { CLOSE } from '../../../protocol/agent-messages.ts';
import type { FakeAgent } from '../../support/fake-agent.ts';
import { appName, hostId } from '../../support/app-builders.ts';
import { HubWorld } from '../../support/hub-world.ts';

const target = { app: appName('web'), service: 'web', instance: null };
const once = { follow: false, tail: null, sinceMs: null };
const never = new AbortController().signal;

const world = await HubWorld.open();
t.teardown(() => world.close());

async function connected(onMessage: (message: CoordinatorMessage, agent: FakeAgent) => void) {
  const host = await world.enroll('a');
  const agent = world.agent(host, { onMessage });
  await agent.connect();
  return { host: host.row.id, name: host.row.name, agent };
}

const line = Buffer.from('hello\n').toString('base64');

t.test('streams: logs arrive whole, with their source, and end with the agent', async (t) => {
  const { host, name } = await connected((message, agent) => {
    if (message.kind !== 'stream-open') return;
    agent.send({ kind: 'stream-data', stream: message.stream, fd: 1, data: line });
    agent.send({ kind: 'stream-data', stream: message.stream, fd: 2, data: line });
    agent.send({ kind: 'stream-end', stream: message.stream, exitCode: null, problem: null });
  });
  const got: string[] = [];

  await world.hub.logs(
    host,
    target,
    once,
    {
      chunk: async (source, fd, data) =>
        void got.push(`${source?.host}/${source?.service} ${fd} ${Buffer.from(data).toString()}`),
    },
    never,
  );

  t.same(got, [`${name}/web 1 hello\n`, `${name}/web 2 hello\n`]);
});

t.test('streams: credit is given as the reader takes, so a slow reader slows only its own stream', async (t) => {
  const credited: number[] = [];
  const { host, agent } = await connected((message, fake) => {
    if (message.kind === 'stream-credit') credited.push(message.bytes);
    if (message.kind === 'stream-open') fake.send({ kind: 'stream-data', stream: message.stream, fd: 1, data: line });
  });
  const abort = new AbortController();
  let take: () => void = () => undefined;
  const taken = new Promise<void>((resolve) => (take = resolve));
  const reading = world.hub.logs(host, target, once, { chunk: () => taken }, abort.signal);

  // A deployment passes while the reader holds its first chunk.
  const { id } = await world.deploy([{ row: { id: host } as never, identity: null as never }]);
  t.equal((await world.waitFor(id)).state, 'succeeded');
  t.same(credited, []);

  take();
  await agent.waitFor('stream-credit');
  t.same(credited, [6]);
  abort.abort();
  await reading;
  await agent.waitFor('stream-close');
});

t.test('streams: an agent that sends more than its window is cut off', async (t) => {
  const { host, agent } = await connected((message, fake) => {
    if (message.kind !== 'stream-open') return;
    const data = Buffer.alloc(STREAM_CHUNK_BYTES).toString('base64');
    for (let sent = 0; sent <= STREAM_WINDOW_BYTES; sent += STREAM_CHUNK_BYTES)
      fake.send({ kind: 'stream-data', stream: message.stream, fd: 1, data });
  });

  const reading = world.hub.logs(host, target, once, { chunk: () => new Promise(() => undefined) }, never);
  reading.catch(() => undefined);

  t.equal((await agent.waitClosed()).code, CLOSE.invalidFrame);
});

t.test('streams: the end of the connection ends them with HOST_OFFLINE', async (t) => {
  const { host, agent } = await connected((message) => {
    if (message.kind === 'stream-open') agent.terminate();
  });

  await t.rejects(world.hub.logs(host, target, once, { chunk: async () => undefined }, never), {
    code: 'HOST_OFFLINE',
  });
  await t.rejects(world.hub.logs(hostId(7), target, once, { chunk: async () => undefined }, never), {
    code: 'HOST_OFFLINE',
  });
});

t.test('streams: a command whose exit code nobody knows did not succeed', async (t) => {
  const { host } = await connected((message, agent) => {
    if (message.kind === 'exec-open')
      agent.send({ kind: 'stream-end', stream: message.stream, exitCode: null, problem: null });
  });

  const handle = await world.hub.exec(
    host,
    target,
    { command: ['true'], tty: false, size: null },
    { chunk: async () => undefined },
    never,
  );

  await t.rejects(handle.exit, { code: 'ENGINE_UNAVAILABLE' });
});

t.test(
  'streams: exec passes input, its end, sizes and the exit code, and keeps to the credit of the agent',
  async (t) => {
    const got: CoordinatorMessage[] = [];
    let bytes = 0;
    const { host, agent } = await connected((message) => {
      got.push(message);
      if (message.kind === 'stream-data') bytes += Buffer.from(message.data, 'base64').length;
    });
    const handle = await world.hub.exec(
      host,
      target,
      { command: ['cat'], tty: true, size: { columns: 80, rows: 24 } },
      { chunk: async () => undefined },
      never,
    );

    const writing = handle.write(Buffer.alloc(STREAM_WINDOW_BYTES + 10));
    await agent.waitFor((message) => message.kind === 'stream-data' && bytes === STREAM_WINDOW_BYTES);
    t.equal(bytes, STREAM_WINDOW_BYTES, 'not a byte over the window');
    agent.send({ kind: 'stream-credit', stream: 's1', bytes: 10 });
    await writing;
    handle.resize(100, 40);
    handle.end();
    await agent.waitFor('stream-close');
    agent.send({ kind: 'stream-end', stream: 's1', exitCode: 3, problem: null });

    t.equal(await handle.exit, 3);
    t.equal(bytes, STREAM_WINDOW_BYTES + 10);
    t.ok(got.some((message) => message.kind === 'stream-resize' && message.columns === 100));
  },
);

t.test('streams: a host resolves a reference for us, or says why not', async (t) => {
  const { host } = await connected((message, agent) => {
    if (message.kind !== 'resolve') return;
    const { request, reference } = message;
    if (reference.includes('missing'))
      agent.send({
        kind: 'resolved',
        request,
        digest: null,
        problem: { code: 'IMAGE_NOT_FOUND', message: 'no such image', hint: '', details: [] },
      });
    else agent.send({ kind: 'resolved', request, digest: `sha256:${'a'.repeat(64)}` as never, problem: null });
  });

  t.equal(await world.hub.resolve(host, 'web:1'), `sha256:${'a'.repeat(64)}`);
  await t.rejects(world.hub.resolve(host, 'missing:1'), { code: 'IMAGE_NOT_FOUND' });
});
