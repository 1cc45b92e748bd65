/**
 * The DNS answerer on loopback from which Caddy learns where apps are. It owns two sockets, UDP and TCP, on one
 * port, and answers at once from what it was last given. What is answered is decided in `dns-answer.ts`.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { decode, type DecodedPacket } from 'dns-packet';
import { LongshoreError } from '../../fleet/errors.ts';
import { answerQuery, type Answers } from './dns-answer.ts';
import { encodeReply } from './dns-wire.ts';

const LOOPBACK = '127.0.0.1';
const LARGEST_TCP_QUERY = 4_096;
const TCP_IDLE_MS = 5_000;
/** A free UDP port may be taken for TCP; then the next one is tried. */
const PORT_TRIES = 20;

export class DnsAnswerer {
  readonly port: number;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  #answers: Answers = null;

  private constructor(udp: UdpSocket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.port = udp.address().port;
    udp.on('message', (message, from) => this.#onMessage(message, from));
    // A client that went away (ICMP) is no reason to stop answering the others.
    udp.on('error', () => undefined);
    tcp.on('connection', (socket) => this.#onConnection(socket));
    tcp.on('error', () => undefined);
  }

  /**
   * @param port 0: a free one
   * @throws PORT_IN_USE
   */
  static async listen(port: number): Promise<DnsAnswerer> {
    for (let attempt = 1; ; attempt++) {
      const udp = await bindUdp(port);
      try {
        const tcp = await bindTcp(udp.address().port);
        return new DnsAnswerer(udp, tcp);
      } catch (error) {
        udp.close();
        if (port !== 0 || attempt === PORT_TRIES) throw portError(port, error);
      }
    }
  }

  setAnswers(answers: Answers): void {
    this.#answers = answers;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([
      new Promise<void>((done) => this.#udp.close(() => done())),
      new Promise<void>((done) => this.#tcp.close(() => done())),
    ]);
  }

  #onMessage(message: Buffer, from: RemoteInfo): void {
    const query = parse(message);
    if (query === null) return;
    this.#udp.send(encodeReply(answerQuery(query, this.#answers)), from.port, from.address);
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    let received = Buffer.alloc(0);
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2) {
        const length = received.readUInt16BE(0);
        if (length > LARGEST_TCP_QUERY) {
          socket.destroy();
          return;
        }
        if (received.length < length + 2) return;
        const query = parse(received.subarray(2, length + 2));
        received = received.subarray(length + 2);
        if (query === null) {
          socket.destroy();
          return;
        }
        socket.write(withLength(encodeReply(answerQuery(query, this.#answers))));
      }
    });
  }
}

/** Over TCP each message has its length before it. */
function withLength(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Null for what is no query; it gets no answer, like a packet that was lost. */
function parse(message: Buffer): DecodedPacket | null {
  try {
    const packet = decode(message);
    return packet.type === 'query' ? packet : null;
  } catch {
    return null;
  }
}

async function bindUdp(port: number): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, LOOPBACK);
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    throw portError(port, error);
  }
}

async function bindTcp(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  return server;
}

function portError(port: number, cause: unknown): LongshoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LongshoreError('PORT_IN_USE', `listen on ${LOOPBACK}:${port} for the ingress's name answers: ${reason}`, {
    cause,
  });
}
