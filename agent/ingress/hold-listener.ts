/**
 * Where Caddy asks what to do with a request to a group that has no address right now: `GET /hold/<key>` on a unix
 * socket is answered 200 when the group is live (again), 503 when it is down, 404 when the agent does not know yet. A
 * held group's question waits; only so many wait at once.
 */
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { refuseUpgrade } from '../../daemon/refuse-upgrade.ts';
import { LongshoreError } from '../../fleet/errors.ts';

export type HoldAnswer = 'live' | 'held' | 'down' | 'unknown';

export interface HoldOptions {
  readonly socketPath: string;
  readonly stateOf: (key: string) => HoldAnswer;
  readonly most: number;
}

const STATUS: Readonly<Record<HoldAnswer, number>> = { live: 200, held: 503, down: 503, unknown: 404 };

export class HoldListener {
  readonly #server: Server;
  readonly #options: HoldOptions;
  readonly #waiting = new Map<ServerResponse, string>();

  private constructor(server: Server, options: HoldOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** @throws PORT_IN_USE where the socket cannot be made */
  static async listen(options: HoldOptions): Promise<HoldListener> {
    const server = createServer();
    const listener = new HoldListener(server, options);
    server.on('request', (request, response) => listener.#onRequest(request.url ?? '', response));
    // A held websocket handshake comes as an upgrade; it waits like any other request.
    server.on('upgrade', (_request, socket) => refuseUpgrade(socket, '404 Not Found'));
    server.requestTimeout = 0;
    try {
      // Left by an agent that was killed.
      await rm(options.socketPath, { force: true });
      server.listen(options.socketPath);
      await once(server, 'listening');
      // A connection that cannot be taken (no file handles are left) is no reason to end the agent.
      server.on('error', () => undefined);
      await chmod(options.socketPath, 0o600);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new LongshoreError('PORT_IN_USE', `listen on ${options.socketPath} for held requests: ${reason}`, {
        cause: error,
      });
    }
    return listener;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Lets go whoever waits for a group that is held no longer. */
  release(): void {
    for (const [response, key] of this.#waiting) {
      const state = this.#options.stateOf(key);
      if (state !== 'held') this.#end(response, state);
    }
  }

  async close(): Promise<void> {
    // Caddy goes on by the addresses last published, as it does while the agent is away.
    for (const response of this.#waiting.keys()) this.#end(response, 'unknown');
    this.#server.closeIdleConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  #onRequest(url: string, response: ServerResponse): void {
    const key = /^\/hold\/([0-9a-f]{16})$/.exec(url)?.[1];
    const state = key === undefined ? 'unknown' : this.#options.stateOf(key);
    if (key === undefined || state !== 'held' || this.#waiting.size >= this.#options.most) {
      this.#end(response, state);
      return;
    }
    this.#waiting.set(response, key);
    response.on('close', () => this.#waiting.delete(response));
  }

  #end(response: ServerResponse, state: HoldAnswer): void {
    this.#waiting.delete(response);
    response.writeHead(STATUS[state], { 'content-length': 0 }).end();
  }
}
