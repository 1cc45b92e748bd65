// A deployment never reloads the proxy, and no request is lost by it. Real Caddy, real containers.
import { once } from 'node:events';
import http from 'node:http';
import t from 'tap';
import WebSocket from 'ws';
import { engineForTests, needed } from '../support/engine.ts';
import { appName, IngressStage, route, until } from '../support/ingress-stage.ts';

const { engine, skip } = await engineForTests();
const SWAPS = 40;

t.test('ingress: 40 swaps under load lose no request and no websocket', { skip }, async (t) => {
  const stage = await IngressStage.open(needed(engine).docker);
  t.teardown(() => stage.close());
  const slots = [await stage.startApp('blue', 2), await stage.createApp('green', 3)] as const;
  await stage.startApp('chat', 4);
  await stage.ingress.configure([
    {
      app: appName('shop'),
      graceMs: 10_000,
      services: [
        { service: 'web', routes: [route('shop.test')], addresses: [stage.address(2), stage.address(3)] },
        { service: 'chat', routes: [route('shop.test', { path: '/chat' })], addresses: [stage.address(4)] },
      ],
    },
  ]);
  const publish = (n: number): Promise<void> =>
    stage.ingress.publish({ 'shop/web': [stage.address(n)], 'shop/chat': [stage.address(4)] });
  await publish(2);

  const socket = new WebSocket(`ws://127.0.0.1:${stage.httpPort}/chat`, { headers: { host: 'shop.test' } });
  await once(socket, 'open');
  let closed = false;
  socket.once('close', () => (closed = true));

  const load = startLoad(stage);
  const publishMs: number[] = [];
  for (let swap = 0; swap < SWAPS; swap++) {
    const [from, to] = swap % 2 === 0 ? [0, 1] : [1, 0];
    await slots[to]?.start();
    await stage.untilServing(2 + to);
    const startedMs = performance.now();
    await publish(2 + to);
    publishMs.push(performance.now() - startedMs);
    await until(
      async () => (await stage.ingress.activeRequests(stage.address(2 + from))) === 0,
      'the old one to drain',
    );
    await slots[from]?.stop();
    t.equal(await echo(socket, `swap ${swap}`), `swap ${swap}`);
  }
  const { answered, failures, served } = await load.stop();

  t.same(failures, [], 'no request failed');
  t.ok(answered > SWAPS * 20, `there was load: ${answered} requests`);
  t.ok((served.get('blue') ?? 0) > 0 && (served.get('green') ?? 0) > 0, 'both served');
  t.notOk(closed, 'the websocket is open still');
  const sorted = publishMs.sort((a, b) => a - b);
  // Little more than the time to settle, where nothing else runs; the rest is for a machine that is busy.
  t.ok(
    (sorted[SWAPS / 2] ?? Infinity) < 1_000,
    `publishing took ${sorted[SWAPS / 2]?.toFixed()} ms (median), ${sorted.at(-1)?.toFixed()} ms (most)`,
  );
  t.same(stage.problems, []);
  socket.close();
});

interface Load {
  stop(): Promise<{
    readonly answered: number;
    readonly failures: readonly string[];
    readonly served: ReadonlyMap<string, number>;
  }>;
}

/** Kept-alive and new connections, GET and POST. */
function startLoad(stage: IngressStage): Load {
  const kept = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const served = new Map<string, number>();
  const failures: string[] = [];
  let answered = 0;
  let stopping = false;
  const body = Buffer.alloc(20_000, 'x');
  const worker = async (method: 'GET' | 'POST', agent: http.Agent | undefined): Promise<void> => {
    while (!stopping) {
      const options = { method, ...(method === 'POST' ? { body } : {}), ...(agent === undefined ? {} : { agent }) };
      try {
        const reply = await stage.request('shop.test', '/', options);
        const { name, bytes } = JSON.parse(reply.body) as { name: string; bytes: number };
        if (reply.status !== 200 || bytes !== (method === 'POST' ? body.length : 0)) throw new Error(reply.body);
        served.set(name, (served.get(name) ?? 0) + 1);
        answered++;
      } catch (error) {
        failures.push(`${method} ${agent === undefined ? 'new' : 'kept'}: ${String(error)}`);
      }
    }
  };
  const workers = [
    ...Array.from({ length: 4 }, () => worker('GET', kept)),
    ...Array.from({ length: 4 }, () => worker('POST', kept)),
    worker('GET', undefined),
    worker('POST', undefined),
  ];
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(workers);
      kept.destroy();
      return { answered, failures, served };
    },
  };
}

async function echo(socket: WebSocket, text: string): Promise<string> {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
  socket.send(text);
  const [data] = (await answer) as [Buffer];
  return data.toString('utf8');
}
