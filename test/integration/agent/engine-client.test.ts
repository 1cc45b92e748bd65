// How the adapter speaks to an engine: which API version, how often, and what it makes of one that goes away. The
// engine here is a small server on a socket, so that versions and failures can be chosen and calls counted.
import http from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../agent/clock.ts';
import { NEWEST_TESTED } from '../../../agent/engine/api-version.ts';
import { DockerodeEngine } from '../../../agent/engine/dockerode-engine.ts';
import { labelsOfInstance } from '../../../agent/engine/engine-labels.ts';
import type { InstanceId, ServiceName } from '../../../fleet/ids.ts';
import { appName, aService, hostId, specHash } from '../../support/app-builders.ts';
import { pollUntil } from '../../support/poll-until.ts';

const never = new AbortController().signal;
const host = hostId(1);
const instance = 'i-00000000000a' as InstanceId;

interface SmallEngine {
  readonly engine: DockerodeEngine;
  readonly calls: string[];
  apiVersion: string;
  /** Answers of paths without version and query. */
  readonly answers: Map<string, { readonly status: number; readonly body: unknown }>;
  /** One event to everybody who listens. */
  tell(event: unknown): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function smallEngine(t: Test): Promise<SmallEngine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ls-'));
  const socketPath = path.join(folder, 'd.sock');
  const calls: string[] = [];
  const listeners = new Set<http.ServerResponse>();
  const answers: SmallEngine['answers'] = new Map();
  const state = { apiVersion: '1.41' };
  let server: http.Server | null = null;
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const url = request.url ?? '';
    calls.push(`${request.method ?? ''} ${url.replace(/\?.*$/, '')}`);
    if (url.startsWith('/_ping')) {
      response.setHeader('api-version', state.apiVersion);
      response.end('OK');
      return;
    }
    const name = url.replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '');
    if (name === '/events') {
      response.writeHead(200);
      response.flushHeaders();
      listeners.add(response);
      return;
    }
    const { status, body } = answers.get(name) ?? { status: 404, body: { message: `no such ${name}` } };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const small: SmallEngine = {
    engine: new DockerodeEngine({
      socketPath,
      host,
      credentials: async () => null,
      clock: systemClock,
      freeBytes: async () => null,
    }),
    calls,
    answers,
    get apiVersion() {
      return state.apiVersion;
    },
    set apiVersion(version) {
      state.apiVersion = version;
    },
    tell: (event) => {
      for (const listener of listeners) listener.write(`${JSON.stringify(event)}\n`);
    },
    start: async () => {
      const starting = http.createServer(answer);
      server = starting;
      await new Promise<void>((resolve) => starting.listen(socketPath, resolve));
    },
    stop: async () => {
      const stopping = server;
      server = null;
      listeners.clear();
      stopping?.closeAllConnections();
      await new Promise((resolve) => (stopping === null ? resolve(null) : stopping.close(resolve)));
    },
  };
  answers.set('/containers/json', { status: 200, body: [] });
  answers.set('/networks', { status: 200, body: [] });
  answers.set('/volumes', { status: 200, body: { Volumes: [] } });
  await small.start();
  t.teardown(async () => {
    await small.stop();
    rmSync(folder, { recursive: true });
  });
  return small;
}

/** One container that runs, in list and inspect. */
function aContainer(small: SmallEngine, status = 'Up 5 minutes', restartPolicy = 'no'): void {
  const labels = labelsOfInstance({
    instance,
    host,
    app: appName('shop'),
    service: { name: 'web' as ServiceName, hash: specHash('b'), spec: aService() },
    replica: 1,
    slot: 0,
    release: 1,
    deployment: 'd-0000000000000001',
    attempt: 1,
    imageId: 'sha256:image',
    network: null,
    address: null,
    names: { aliases: [], links: {} },
    volumes: {},
    files: [],
    imageVolumes: {},
    secretEnvironment: {},
  });
  const listed = { Id: 'c1', ImageID: 'sha256:image', State: 'running', Status: status, Labels: labels };
  small.answers.set('/containers/json', { status: 200, body: [listed] });
  const inspected = {
    Image: 'sha256:image',
    RestartCount: 0,
    State: {
      Status: 'running',
      ExitCode: 0,
      OOMKilled: false,
      StartedAt: '2026-01-01T00:00:00Z',
      FinishedAt: '0001-01-01T00:00:00Z',
    },
    HostConfig: { NetworkMode: 'none', RestartPolicy: { Name: restartPolicy } },
    NetworkSettings: { Networks: {} },
  };
  small.answers.set('/containers/c1/json', { status: 200, body: inspected });
}

t.test("connection: the smaller of the newest tested and the server's version is spoken", async (t) => {
  for (const [server, spoken] of [
    ['1.41', '1.41'],
    ['1.99', NEWEST_TESTED],
  ] as const) {
    const small = await smallEngine(t);
    small.apiVersion = server;

    await small.engine.observe(never);

    t.same(small.calls.slice(0, 2), ['GET /_ping', `GET /v${spoken}/containers/json`]);
  }
});

t.test('connection: an engine that is too old is refused by name', async (t) => {
  const small = await smallEngine(t);
  small.apiVersion = '1.40';

  await t.rejects(small.engine.observe(never), { code: 'ENGINE_UNSUITABLE', message: /1\.40.*1\.41/ });
});

t.test(
  'connection: an engine that went away is one that is retried; one that came back newer is asked again',
  async (t) => {
    const small = await smallEngine(t);
    await small.engine.observe(never);

    await small.stop();
    await t.rejects(small.engine.observe(never), { code: 'ENGINE_UNAVAILABLE', retryable: true });
    small.apiVersion = '1.43';
    await small.start();
    // A connection of before may still be noticed as broken by the first call.
    await pollUntil(
      () => small.engine.observe(never).catch(() => null),
      (seen) => seen !== null,
    );

    t.ok(small.calls.includes('GET /v1.43/containers/json'));
  },
);

t.test('connection: a version that is refused all at once is agreed on anew', async (t) => {
  const small = await smallEngine(t);
  await small.engine.observe(never);
  small.answers.set('/containers/json', {
    status: 400,
    body: { message: 'client version 1.41 is too old. Minimum supported API version is 1.44' },
  });

  await t.rejects(small.engine.observe(never), { code: 'ENGINE_UNSUITABLE' });
  small.apiVersion = '1.44';
  small.answers.set('/containers/json', { status: 200, body: [] });
  await small.engine.observe(never);

  t.equal(small.calls.at(-1), 'GET /v1.44/containers/json');
});

t.test('connection: DOCKER_HOST does not lead the agent elsewhere', async (t) => {
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
  t.teardown(() => {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  });
  const small = await smallEngine(t);

  t.same(await small.engine.observe(never), { containers: [], networks: [], volumes: [] });
});

t.test('observe: an idle turn costs one call', async (t) => {
  const small = await smallEngine(t);
  aContainer(small);
  t.equal((await small.engine.observe(never)).containers.length, 1);

  for (const status of ['Up 6 minutes', 'Up About an hour', 'Up 2 hours']) {
    aContainer(small, status);
    small.calls.length = 0;
    t.equal((await small.engine.observe(never)).containers.length, 1);
    t.same(small.calls, ['GET /v1.41/containers/json']);
  }
});

t.test('observe: looks again when the list shows a change, after an effect of ours, and after an event', async (t) => {
  const small = await smallEngine(t);
  const policy = async (): Promise<string | undefined> =>
    (await small.engine.observe(never)).containers[0]?.restartPolicy;
  aContainer(small, 'Up 5 minutes', 'no');
  t.equal(await policy(), 'no');

  aContainer(small, 'Up 5 minutes (healthy)', 'always');
  t.equal(await policy(), 'always', 'the list showed a change');

  aContainer(small, 'Up 5 minutes (healthy)', 'on-failure');
  t.equal(await policy(), 'always', 'an operator changed it: the list does not show that');
  small.answers.set(`/containers/longshore-${host}-${instance}/start`, { status: 304, body: {} });
  await small.engine.start(instance);
  t.equal(await policy(), 'on-failure', 'after an effect');

  const stop = new AbortController();
  let heard = 0;
  const watching = small.engine.watch(() => (heard += 1), stop.signal);
  await pollUntil(
    async () => small.calls.includes('GET /v1.41/events'),
    (listens) => listens,
  );
  aContainer(small, 'Up 5 minutes (healthy)', 'unless-stopped');
  small.tell({ Type: 'container', Action: 'update', Actor: { ID: 'c1', Attributes: { 'longshore.host': host } } });
  await pollUntil(
    async () => heard,
    (count) => count === 1,
  );
  t.equal(await policy(), 'unless-stopped', 'after an event');
  stop.abort();
  await watching;
});

t.test('observe: what neither shows is found after some turns', async (t) => {
  const small = await smallEngine(t);
  aContainer(small, 'Up 5 minutes', 'no');
  await small.engine.observe(never);
  aContainer(small, 'Up 5 minutes', 'always');

  const found = await pollUntil(
    async () => (await small.engine.observe(never)).containers[0]?.restartPolicy,
    (policy) => policy === 'always',
  );

  t.equal(found, 'always');
});

t.test('observe: a container that goes away between list and look is not there', async (t) => {
  const small = await smallEngine(t);
  aContainer(small);
  small.answers.delete('/containers/c1/json');

  t.same((await small.engine.observe(never)).containers, []);
});

t.test('watch: the end of the engine is the end of the watch, its absence an error', async (t) => {
  const small = await smallEngine(t);
  const watching = small.engine.watch(() => undefined, never);
  await pollUntil(
    async () => small.calls.includes('GET /v1.41/events'),
    (listens) => listens,
  );

  await small.stop();

  await watching;
  await t.rejects(
    small.engine.watch(() => undefined, never),
    { code: 'ENGINE_UNAVAILABLE' },
  );
});
