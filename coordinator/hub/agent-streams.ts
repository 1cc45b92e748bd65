/**
 * Log and exec streams over one agent's connection. The agent may have STREAM_WINDOW_BYTES under way a stream; it gets
 * credit as the reader takes chunks, so a slow reader slows its own stream and nothing else. Every stream ends once:
 * by the agent, by the reader, or with the connection (HOST_OFFLINE).
 */
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AgentMessageOf, CoordinatorMessage, CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import { CreditWindow } from '../../protocol/credit-window.ts';
import { STREAM_CHUNK_BYTES, STREAM_WINDOW_BYTES } from '../../protocol/version.ts';
import type { ExecHandle, StreamSink } from '../commands.ts';

export type StreamTarget = CoordinatorMessageOf<'stream-open'>['target'];

export interface StreamLink {
  /** Name of the host, for messages. */
  readonly name: string;
  send(message: CoordinatorMessage): void;
  sendSlowly(message: CoordinatorMessage): Promise<void>;
}

interface OpenStream {
  readonly source: Parameters<StreamSink['chunk']>[0];
  readonly sink: StreamSink;
  /** What we may send into it. */
  readonly input: CreditWindow;
  /** Bytes that came and that the reader has not taken. */
  waitingBytes: number;
  /** The reader's last chunk; ends come after it. */
  last: Promise<void>;
  readonly end: (exitCode: number | null, reason: Problem | null) => void;
}

export class AgentStreams {
  readonly #link: StreamLink;
  readonly #open = new Map<string, OpenStream>();
  #lastId = 0;

  constructor(link: StreamLink) {
    this.#link = link;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Resolves when the source has ended, or at abort. @throws what the agent answered, HOST_OFFLINE */
  async logs(
    target: StreamTarget,
    options: { readonly follow: boolean; readonly tail: number | null; readonly sinceMs: number | null },
    sink: StreamSink,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const stream = this.#nextId();
    const ended = this.#begin(stream, target, sink);
    this.#link.send({ kind: 'stream-open', stream, what: 'logs', target, ...options });
    const stop = (): void => this.#abandon(stream, 1);
    signal.addEventListener('abort', stop, { once: true });
    await ended.finally(() => signal.removeEventListener('abort', stop));
  }

  /** `exit` rejects with what kept the command from running, and with HOST_OFFLINE. */
  exec(
    target: StreamTarget,
    options: Pick<CoordinatorMessageOf<'exec-open'>, 'tty' | 'size'> & { readonly command: readonly string[] },
    sink: StreamSink,
    signal: AbortSignal,
  ): ExecHandle {
    const stream = this.#nextId();
    const ended = this.#begin(stream, target, sink);
    this.#link.send({ kind: 'exec-open', stream, target, ...options, command: [...options.command] });
    let inputEnded = false;
    const stop = (): void => this.#abandon(stream, inputEnded ? 1 : 2);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const exit = ended
      .finally(() => signal.removeEventListener('abort', stop))
      .then((code) => {
        if (code !== null || signal.aborted) return code ?? 0;
        throw new LongshoreError(
          'ENGINE_UNAVAILABLE',
          `run a command on ${this.#link.name}: its exit code is not known`,
        );
      });
    // A caller that only writes learns of it there.
    exit.catch(() => undefined);
    return {
      exit,
      write: (data) => this.#write(stream, data),
      end: () => {
        if (inputEnded || !this.#open.has(stream)) return;
        inputEnded = true;
        this.#link.send({ kind: 'stream-close', stream });
      },
      resize: (columns, rows) => {
        if (this.#open.has(stream)) this.#link.send({ kind: 'stream-resize', stream, columns, rows });
      },
    };
  }

  /** @returns false where the agent broke the rules: it sent more than its window */
  onMessage(message: AgentMessageOf<'stream-data' | 'stream-credit' | 'stream-end'>): boolean {
    const open = this.#open.get(message.stream);
    // What crossed the end of its stream on the way.
    if (open === undefined) return true;
    switch (message.kind) {
      case 'stream-data':
        return this.#take(message, open);
      case 'stream-credit':
        open.input.give(message.bytes);
        return true;
      case 'stream-end':
        open.end(message.exitCode, message.problem);
        return true;
    }
  }

  connectionEnded(): void {
    const reason = problem('HOST_OFFLINE', `read from host ${this.#link.name}: its connection ended`);
    for (const open of [...this.#open.values()]) open.end(null, reason);
  }

  #nextId(): string {
    this.#lastId += 1;
    return `s${this.#lastId}`;
  }

  #begin(stream: string, target: StreamTarget, sink: StreamSink): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const over = new AbortController();
      const open: OpenStream = {
        source: { host: this.#link.name, service: target.service ?? '', instance: target.instance ?? '' },
        sink,
        input: new CreditWindow(over.signal),
        waitingBytes: 0,
        last: Promise.resolve(),
        end: (exitCode, reason) => {
          this.#open.delete(stream);
          over.abort();
          const settle = (): void => {
            if (reason === null) resolve(exitCode);
            else
              reject(new LongshoreError(reason.code, reason.message, { hint: reason.hint, details: reason.details }));
          };
          void open.last.then(settle, settle);
        },
      };
      this.#open.set(stream, open);
    });
  }

  #take(message: AgentMessageOf<'stream-data'>, open: OpenStream): boolean {
    const data = Buffer.from(message.data, 'base64');
    open.waitingBytes += data.length;
    if (open.waitingBytes > STREAM_WINDOW_BYTES) return false;
    open.sink.holds?.(data.length);
    open.last = open.last.then(async () => {
      const source =
        message.source === undefined || open.source === null
          ? open.source
          : { host: open.source.host, ...message.source };
      await open.sink.chunk(source, message.fd === 2 ? 2 : 1, data);
      open.waitingBytes -= data.length;
      open.sink.holds?.(-data.length);
      if (this.#open.has(message.stream)) {
        this.#link.send({ kind: 'stream-credit', stream: message.stream, bytes: data.length });
      }
    });
    // A reader that broke off ends its stream; its signal says so to whoever waits.
    open.last.catch(() => this.#abandon(message.stream, 2));
    return true;
  }

  async #write(stream: string, data: Uint8Array): Promise<void> {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let offset = 0; offset < bytes.length; offset += STREAM_CHUNK_BYTES) {
      const part = bytes.subarray(offset, offset + STREAM_CHUNK_BYTES);
      const open = this.#open.get(stream);
      if (open === undefined || !(await open.input.take(part.length))) return;
      await this.#link.sendSlowly({ kind: 'stream-data', stream, fd: 0, data: part.toString('base64') });
    }
  }

  /** Nobody reads any more. For a command the first close only ends its input, so it takes two. */
  #abandon(stream: string, closes: number): void {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    for (let count = 0; count < closes; count += 1) this.#link.send({ kind: 'stream-close', stream });
    open.end(null, null);
  }
}
