/**
 * A coordinator without a store: it speaks the real protocol over a real socket, verifies the agent's proof, and does
 * what a test scripts. Faults of the network and of other versions are made here and not inside the agent.
 */
import { createPublicKey, verify } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  helloProof,
  type AgentMessage,
  type AgentMessageOf,
  type CoordinatorMessage,
} from '../../protocol/agent-messages.ts';
import { decodeAgentMessage } from '../../protocol/codec.ts';
import { PROTOCOL } from '../../protocol/version.ts';

export interface FakeCoordinatorOptions {
  /** Raw Ed25519 key of the only host that is let in, base64; null = every proof counts. */
  readonly publicKey?: string | null;
  /** What the challenge says; null = the truth. */
  readonly audience?: string | null;
  readonly heartbeatMs?: number;
  /** In place of the welcome; null = the usual one. */
  readonly answer?: (hello: AgentMessageOf<'hello'>, connection: FakeConnection) => CoordinatorMessage | null;
  /** Answers POST /v1/enroll. */
  readonly enroll?: (body: unknown) => {
    readonly status: number;
    readonly body: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** False: it takes the connection and says nothing. */
  readonly challenges?: boolean;
}

export class FakeConnection {
  readonly #socket: WebSocket;
  readonly #wake: () => void;
  /** Each with the version of hello that it proved. */
  hello: AgentMessageOf<'hello'> | null = null;
  proven = false;
  readonly received: AgentMessage[] = [];
  /** Frames that are not of the protocol. */
  readonly unreadable: string[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  constructor(socket: WebSocket, wake: () => void) {
    this.#socket = socket;
    this.#wake = wake;
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString('utf8') };
      wake();
    });
    socket.on('error', () => undefined);
  }

  send(message: CoordinatorMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** The network is gone: no close frame. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Reads nothing any more, as a coordinator that hangs. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  take(message: AgentMessage): void {
    this.received.push(message);
    this.#wake();
  }

  all<K extends AgentMessage['kind']>(kind: K): AgentMessageOf<K>[] {
    return this.received.filter((message): message is AgentMessageOf<K> => message.kind === kind);
  }
}

export class FakeCoordinator {
  readonly #http: http.Server;
  readonly #sockets: WebSocketServer;
  readonly #options: FakeCoordinatorOptions;
  readonly connections: FakeConnection[] = [];
  readonly enrollments: unknown[] = [];
  #waiters: (() => void)[] = [];

  private constructor(options: FakeCoordinatorOptions) {
    this.#options = options;
    this.#http = http.createServer((request, reply) => this.#onRequest(request, reply));
    this.#sockets = new WebSocketServer({ server: this.#http, path: '/v1/agent', perMessageDeflate: false });
    this.#sockets.on('connection', (socket) => this.#onConnection(socket));
  }

  /** @param port 0 = a free one; a test that restarts a coordinator gives the old one */
  static async listen(options: FakeCoordinatorOptions = {}, port = 0): Promise<FakeCoordinator> {
    const coordinator = new FakeCoordinator(options);
    await new Promise<void>((resolve, reject) => {
      coordinator.#http.once('error', reject);
      coordinator.#http.listen(port, '127.0.0.1', resolve);
    });
    return coordinator;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** `ws://127.0.0.1:PORT`, which is also its audience. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Connections that are there now. */
  get open(): number {
    return this.connections.filter(({ closed }) => closed === null).length;
  }

  /** The nth connection, 0-based, once its agent has proven itself. */
  async session(index: number): Promise<FakeConnection> {
    return this.until(() => {
      const connection = this.connections[index];
      return connection?.proven === true ? connection : null;
    });
  }

  /** The nth connection, as soon as it is there. */
  async connection(index: number): Promise<FakeConnection> {
    return this.until(() => this.connections[index] ?? null);
  }

  async message<K extends AgentMessage['kind']>(
    connection: FakeConnection,
    kind: K,
    matches: (message: AgentMessageOf<K>) => boolean = () => true,
  ): Promise<AgentMessageOf<K>> {
    return this.until(() => connection.all(kind).find(matches) ?? null);
  }

  /** Waits for what the connections bring about. */
  async until<T>(found: () => T | null, limitMs = 10_000): Promise<T> {
    const timeout = AbortSignal.timeout(limitMs);
    for (;;) {
      const value = found();
      if (value !== null) return value;
      await new Promise<void>((resolve, reject) => {
        const late = (): void => reject(new Error(`not so after ${limitMs} ms: ${found.toString()}`));
        if (timeout.aborted) late();
        timeout.addEventListener('abort', late, { once: true });
        this.#waiters.push(() => {
          timeout.removeEventListener('abort', late);
          resolve();
        });
      });
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #onConnection(socket: WebSocket): void {
    const connection = new FakeConnection(socket, () => this.#wake());
    this.connections.push(connection);
    const nonce = `nonce-${this.connections.length}-${'x'.repeat(16)}`;
    const audience = this.#options.audience ?? this.url;
    socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      const decoded = decodeAgentMessage(text);
      if (decoded.kind !== 'message') {
        connection.unreadable.push(text);
        this.#wake();
        return;
      }
      if (decoded.message.kind === 'hello') this.#onHello(connection, decoded.message, nonce);
      connection.take(decoded.message);
    });
    if (this.#options.challenges !== false) {
      connection.send({ kind: 'challenge', nonce, audience, protocol: { ...PROTOCOL } });
    }
    this.#wake();
  }

  #onHello(connection: FakeConnection, hello: AgentMessageOf<'hello'>, nonce: string): void {
    connection.hello = hello;
    const proof = helloProof({ audience: this.url, nonce, host: hello.host, process: hello.process });
    const isProven = this.#isSigned(proof, hello.signature);
    const answer = this.#options.answer?.(hello, connection) ?? null;
    if (!isProven) throw new Error('the proof of the agent does not fit');
    connection.proven = true;
    connection.send(
      answer ?? {
        kind: 'welcome',
        protocol: 1,
        session: `session-${this.connections.length}`,
        heartbeatMs: this.#options.heartbeatMs ?? 10_000,
        coordinatorVersion: '0.0.0-fake',
        name: 'host-a',
      },
    );
  }

  #isSigned(proof: string, signature: string): boolean {
    const { publicKey } = this.#options;
    if (publicKey === null || publicKey === undefined) return true;
    const x = Buffer.from(publicKey, 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, Buffer.from(proof, 'utf8'), key, Buffer.from(signature, 'base64'));
  }

  #onRequest(request: http.IncomingMessage, reply: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null');
      const isEnroll = request.method === 'POST' && request.url === '/v1/enroll';
      const answer = isEnroll ? this.#options.enroll?.(body) : undefined;
      if (isEnroll) this.enrollments.push(body);
      reply.writeHead(answer?.status ?? 404, { 'content-type': 'application/json', ...answer?.headers });
      reply.end(JSON.stringify(answer?.body ?? { code: 'NOT_FOUND', message: 'no such path', hint: '' }));
      this.#wake();
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
