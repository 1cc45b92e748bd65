/**
 * Serves logs and exec over the agent's connection. Every stream ends with exactly one `stream-end`, unless its
 * connection ended before; a stream never outlives its connection, and there are at most MOST_STREAMS.
 */
import { LongshoreError, problem, type Problem } from '../../fleet/errors.ts';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import type { Clock } from '../clock.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { Link } from '../session/connection.ts';
import { ExecStream } from './exec-stream.ts';
import { followLogs } from './follow-logs.ts';
import { StreamSender } from './stream-sender.ts';

export const MOST_STREAMS = 32;

export type StreamMessage = CoordinatorMessageOf<
  'stream-open' | 'exec-open' | 'stream-data' | 'stream-resize' | 'stream-credit' | 'stream-close'
>;

interface OpenStream {
  readonly link: Link;
  readonly sender: StreamSender;
  readonly exec: ExecStream | null;
  readonly abort: AbortController;
  inputEnded: boolean;
}

export interface StreamServerOptions {
  readonly engine: ContainerEngine;
  readonly clock: Clock;
  /** The host's policy allows exec. */
  readonly allowExec: boolean;
}

export class StreamServer {
  readonly #options: StreamServerOptions;
  readonly #streams = new Map<string, OpenStream>();
  /** Connections whose end is watched: once each, however many streams they carry. */
  readonly #watched = new WeakSet<AbortSignal>();
  /** Commands under way, also those whose stream has ended: the engine ends none by itself. */
  readonly #commands = new Set<Promise<unknown>>();

  constructor(options: StreamServerOptions) {
    this.#options = options;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** For the agent's end: resolves when the commands of ended streams have been killed, after `waitMs` at the latest. */
  async settled(waitMs: number): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([Promise.all(this.#commands), this.#options.clock.sleep(waitMs, waiting.signal)]);
    waiting.abort();
  }

  /** Messages about a stream that has ended crossed its end on the way and are dropped. */
  onMessage(link: Link, message: StreamMessage): void {
    switch (message.kind) {
      case 'stream-open':
      case 'exec-open':
        this.#open(link, message);
        return;
      case 'stream-data':
        this.#streams.get(message.stream)?.exec?.write(Buffer.from(message.data, 'base64'));
        return;
      case 'stream-resize':
        this.#streams.get(message.stream)?.exec?.resize(message.columns, message.rows);
        return;
      case 'stream-credit':
        this.#streams.get(message.stream)?.sender.credit.give(message.bytes);
        return;
      case 'stream-close':
        this.#close(message.stream);
        return;
    }
  }

  #open(link: Link, message: CoordinatorMessageOf<'stream-open' | 'exec-open'>): void {
    const refused = this.#refusal(message);
    if (refused !== null) {
      link.send({ kind: 'stream-end', stream: message.stream, exitCode: null, problem: refused });
      return;
    }
    const abort = new AbortController();
    const sender = new StreamSender(message.stream, link, abort.signal);
    const exec =
      message.kind === 'exec-open' ? new ExecStream(this.#options.engine, link, message, sender, abort.signal) : null;
    this.#streams.set(message.stream, { link, sender, exec, abort, inputEnded: false });
    this.#watch(link);
    const done = message.kind === 'exec-open' ? exec?.exitCode() : this.#sendLogs(message, sender, abort.signal);
    // What goes wrong after an end that was asked for concerns nobody.
    done?.catch(() => undefined);
    if (exec !== null && done !== undefined) this.#untilEnded(done);
    void this.#finish(sender, done ?? Promise.resolve(null), abort, () => this.#streams.delete(message.stream));
  }

  #untilEnded(command: Promise<unknown>): void {
    const ended: Promise<void> = command.then(
      () => void this.#commands.delete(ended),
      () => void this.#commands.delete(ended),
    );
    this.#commands.add(ended);
  }

  /** Its streams end with it. */
  #watch(link: Link): void {
    const drop = (): void => {
      for (const open of this.#streams.values()) if (open.link === link) open.abort.abort();
    };
    if (link.signal.aborted) drop();
    else if (!this.#watched.has(link.signal)) link.signal.addEventListener('abort', drop, { once: true });
    this.#watched.add(link.signal);
  }

  async #sendLogs(
    message: CoordinatorMessageOf<'stream-open'>,
    sender: StreamSender,
    signal: AbortSignal,
  ): Promise<null> {
    await followLogs(this.#options.engine, this.#options.clock, message, sender, signal);
    return null;
  }

  async #finish(
    sender: StreamSender,
    done: Promise<number | null>,
    abort: AbortController,
    forget: () => void,
  ): Promise<void> {
    let exitCode: number | null = null;
    let found: Problem | null = null;
    try {
      // An end that was asked for is an end, also where the engine is slow to notice.
      exitCode = await Promise.race([done, whenAborted(abort.signal)]);
    } catch (error) {
      // A reader that closed its stream gets an end and no complaint.
      if (!abort.signal.aborted) found = toProblem(error, sender.id);
    }
    // Nothing of it may go on: an exec that failed still has its output pump.
    if (found !== null) abort.abort();
    await sender.end(exitCode, found);
    abort.abort();
    forget();
  }

  #close(stream: string): void {
    const open = this.#streams.get(stream);
    if (open === undefined) return;
    if (open.exec === null || open.inputEnded) {
      open.abort.abort();
      return;
    }
    open.inputEnded = true;
    open.exec.endInput();
  }

  #refusal(message: CoordinatorMessageOf<'stream-open' | 'exec-open'>): Problem | null {
    if (this.#streams.has(message.stream))
      return problem('CONFLICT', `open stream ${message.stream}: it is open already`);
    if (this.#streams.size >= MOST_STREAMS)
      return problem('RATE_LIMITED', `open stream ${message.stream}: this host serves ${MOST_STREAMS} streams already`);
    if (message.kind === 'exec-open' && !this.#options.allowExec) {
      return problem('POLICY_REFUSED', 'exec: the policy of this host does not allow it', {
        hint: 'Set `policy.exec: true` in the configuration of its agent.',
      });
    }
    return null;
  }
}

function whenAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

function toProblem(error: unknown, stream: string): Problem {
  if (error instanceof LongshoreError) return error.problem;
  return problem('INTERNAL', `stream ${stream}: ${error instanceof Error ? error.message : String(error)}`);
}
