/**
 * The proxy's containers and the Caddy inside them, for tests without an engine: `start` opens a real admin socket in
 * the folder that the plan binds, which takes configurations, refuses fields it does not know, and counts.
 */
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ProxyContainer, ProxyContainers, ProxyPlan } from '../../agent/engine/proxy-containers.ts';
import { PROXY_PATHS } from '../../agent/ingress/proxy-options.ts';
import { withResolvers } from './with-resolvers.ts';

interface Made {
  readonly id: string;
  readonly plan: ProxyPlan;
  name: string;
  server: http.Server | null;
  /** Its HTTP port. */
  front: http.Server | null;
  stopped: ReturnType<typeof withResolvers<void>>;
}

export class FakeProxy implements ProxyContainers {
  /** What was done, in order: `create i1`, `start i1`, `load` ... */
  readonly log: string[] = [];
  readonly loads: string[] = [];
  /** Fields that this Caddy is too old for. */
  unknownFields: readonly string[] = [];
  /** Refuses any configuration that holds this text. */
  refuses: string | null = null;
  /** Containers that the engine refuses to start again, by id. */
  readonly stuck = new Set<string>();
  upstreams: readonly { readonly address: string; readonly num_requests: number }[] = [];
  /** A configuration that somebody else has loaded. */
  elsewhere: string | null = null;
  /** Its admin socket breaks connections off. */
  isSilent = false;
  /** Awaited before a configuration is taken. */
  onLoad: () => Promise<void> = () => Promise.resolve();
  readonly #made: Made[] = [];
  #count = 0;

  async list(): Promise<readonly ProxyContainer[]> {
    return this.#made.map(({ id, name, plan, server }) => ({
      engineId: id,
      name,
      hash: plan.hash,
      running: server !== null,
    }));
  }

  async ensureImage(candidates: readonly string[]): Promise<string> {
    return candidates[0] ?? '';
  }

  async create(plan: ProxyPlan): Promise<string> {
    if (this.#made.some(({ name }) => name === plan.name)) throw new Error(`409: ${plan.name} is taken`);
    const id = `i${++this.#count}`;
    this.#made.push({ id, plan, name: plan.name, server: null, front: null, stopped: withResolvers() });
    this.log.push(`create ${id}`);
    return id;
  }

  async start(id: string): Promise<void> {
    const made = this.#find(id);
    if (made.server !== null) return;
    if (this.stuck.has(id)) throw new LongshoreError('CONFLICT', `start ${id}: task ${id}: already exists`);
    const folder = made.plan.binds.find((bind) => bind.endsWith(`:${PROXY_PATHS.run}`))?.split(':')[0] ?? '';
    made.server = http.createServer((request, response) => void this.#serve(made, request, response));
    made.stopped = withResolvers();
    made.server.listen(path.join(folder, 'admin.sock'));
    await once(made.server, 'listening');
    this.log.push(`start ${id}`);
  }

  async rename(id: string, name: string): Promise<void> {
    this.#find(id).name = name;
  }

  async waitStopped(id: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = withResolvers<undefined>();
    signal.addEventListener('abort', () => aborted.resolve(undefined));
    await Promise.race([this.#find(id).stopped.promise, aborted.promise]);
  }

  async remove(id: string): Promise<void> {
    await this.die(id);
    this.#made.splice(this.#made.indexOf(this.#find(id)), 1);
    this.log.push(`remove ${id}`);
  }

  async lastOutput(): Promise<string> {
    return '';
  }

  /** As a crash. */
  async die(id: string): Promise<void> {
    const made = this.#find(id);
    const server = made.server;
    if (server === null) return;
    made.server = null;
    for (const open of [server, made.front]) {
      open?.closeAllConnections();
      await new Promise<void>((done) => (open === null ? done() : open.close(() => done())));
    }
    made.front = null;
    made.stopped.resolve();
  }

  /** Another program takes the HTTP port. */
  async replaceFront(stranger: http.Server): Promise<{ readonly port: number }> {
    const made = this.#made.find(({ front }) => front !== null);
    const address = made?.front?.address();
    if (made === undefined || typeof address !== 'object' || address === null) throw new Error('no port is open');
    made.front?.closeAllConnections();
    await new Promise((done) => made.front?.close(done));
    made.front = null;
    stranger.listen(address.port);
    await once(stranger, 'listening');
    return { port: address.port };
  }

  #find(id: string): Made {
    const made = this.#made.find((one) => one.id === id);
    if (made === undefined) throw new Error(`no container ${id}`);
    return made;
  }

  async #serve(made: Made, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    if (request.url === '/load') await this.onLoad();
    const { status, text } = this.#answer(request.url ?? '', body);
    if (request.url === '/load' && status === 200) await openFront(made, body);
    // As a Caddy that hangs.
    if (this.isSilent) request.socket.destroy();
    else response.writeHead(status).end(text);
  }

  #answer(url: string, body: string): { readonly status: number; readonly text: string } {
    if (url === '/reverse_proxy/upstreams') return { status: 200, text: JSON.stringify(this.upstreams) };
    if (url === '/config/') return { status: 200, text: this.elsewhere ?? this.loads.at(-1) ?? '{}' };
    if (url !== '/load') return { status: 200, text: '{}' };
    const unknown = this.unknownFields.find((field) => body.includes(`"${field}"`));
    if (unknown !== undefined)
      return { status: 400, text: JSON.stringify({ error: `json: unknown field "${unknown}"` }) };
    if (this.refuses !== null && body.includes(this.refuses)) return { status: 400, text: '{"error":"no such thing"}' };
    this.loads.push(body);
    this.elsewhere = null;
    return { status: 200, text: '' };
  }
}

/** Listens where the configuration says, and answers to everything what it answers first of all: whose ingress this is. */
async function openFront(made: Made, body: string): Promise<void> {
  const port = Number(/"listen":\["[^"]*:(\d+)"\]/.exec(body)?.[1]);
  const identity = /"body":"([0-9a-f]+)\\n"/.exec(body)?.[1] ?? '';
  if (made.front !== null || !Number.isInteger(port)) return;
  const front = http.createServer((_request, response) => response.end(`${identity}\n`));
  front.listen(port);
  // Two of Caddy share a port; here the older one goes on answering.
  made.front = await once(front, 'listening').then(
    () => front,
    () => null,
  );
}
