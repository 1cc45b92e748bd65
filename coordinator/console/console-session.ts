/**
 * One console socket: calls under way by their id, each with its own AbortController; all end with the socket.
 * Chunks wait for the client's credit, so a slow reader slows its own stream and nothing else. Changes that a slow
 * reader cannot take in time are dropped down to the newest view per host and deployment.
 */
import { LongshoreError, problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { ERRORS } from '../../fleet/errors.ts';
import type { ConsoleFrame, ConsoleRequest } from '../../protocol/console.ts';
import { CreditWindow } from '../../protocol/credit-window.ts';
import { toErrorResponse } from '../http/error-response.ts';
import { requireRole } from '../http/authentication.ts';
import type { Actor, Commands } from '../commands.ts';
import { completeLine, runLine } from './run-line.ts';
import type { SocketHolding } from './reader-limits.ts';
import { watchChanges } from './watch-changes.ts';
import { ExecInput } from './exec-input.ts';

export interface ConsoleSessionOptions {
  readonly commands: Commands;
  /** Asked for each call: a token that was revoked or has expired opens nothing more. @throws UNAUTHENTICATED */
  readonly actor: () => Promise<Actor>;
  readonly wallMs: () => number;
  readonly send: (frame: ConsoleFrame) => void;
  /** Bytes that the socket has not sent yet. */
  readonly buffered: () => number;
  readonly holding: SocketHolding;
  readonly log: { error(fields: object, text: string): void };
}

interface RunningCall {
  readonly abort: AbortController;
  readonly window: CreditWindow;
  readonly input: ExecInput;
  /** Output that waits for the client's credit. */
  heldBytes: number;
  /** Why it was ended by us. */
  broken: LongshoreError | null;
}

type StartRequest = Extract<ConsoleRequest, { kind: 'line' | 'complete' | 'watch' | 'logs' | 'exec' }>;

const CALLS = 64;

export class ConsoleSession {
  readonly #options: ConsoleSessionOptions;
  readonly #calls = new Map<string, RunningCall>();

  constructor(options: ConsoleSessionOptions) {
    this.#options = options;
  }

  /** Never throws: what goes wrong is the `done` of its call. */
  handle(request: ConsoleRequest): void {
    switch (request.kind) {
      case 'login':
        return;
      case 'line':
      case 'complete':
      case 'watch':
      case 'logs':
      case 'exec':
        void this.#start(request);
        return;
      case 'input':
        this.#calls.get(request.id)?.input.write(Buffer.from(request.data, 'base64'));
        return;
      case 'input-end':
        this.#calls.get(request.id)?.input.end();
        return;
      case 'resize':
        this.#calls.get(request.id)?.input.resize(request.columns, request.rows);
        return;
      case 'credit':
        this.#calls.get(request.id)?.window.give(request.bytes);
        return;
      case 'cancel':
        this.#calls.get(request.id)?.abort.abort();
        return;
    }
  }

  close(): void {
    for (const call of this.#calls.values()) call.abort.abort();
  }

  async #start(request: StartRequest): Promise<void> {
    if (this.#calls.has(request.id) || this.#calls.size >= CALLS) {
      this.#done(
        request.id,
        problem(
          'INPUT_INVALID',
          `call ${request.id}: ${this.#calls.has(request.id) ? 'this id is under way' : `more than ${CALLS} calls at once`}`,
        ),
      );
      return;
    }
    const abort = new AbortController();
    const { id } = request;
    const call: RunningCall = {
      abort,
      window: new CreditWindow(abort.signal),
      input: new ExecInput((bytes) => this.#options.send({ kind: 'credit', id, bytes })),
      heldBytes: 0,
      broken: null,
    };
    this.#calls.set(request.id, call);
    try {
      const exit = await this.#run(request, call);
      this.#done(request.id, broken(call), exit);
    } catch (error) {
      if (call.broken !== null) this.#done(request.id, call.broken.problem);
      else if (abort.signal.aborted) this.#done(request.id, null);
      else this.#done(request.id, this.#problemOf(error));
    } finally {
      // An exec whose input failed is still open at its host.
      abort.abort();
      this.#options.holding.add(-call.heldBytes);
      this.#calls.delete(request.id);
    }
  }

  /** @returns the exit code of the call */
  async #run(request: StartRequest, call: RunningCall): Promise<number> {
    const { commands, send } = this.#options;
    const actor = await this.#options.actor();
    switch (request.kind) {
      case 'line':
        send({
          kind: 'text',
          id: request.id,
          text: await runLine(request.text, commands, actor, this.#options.wallMs()),
        });
        return 0;
      case 'complete':
        send({ kind: 'completions', id: request.id, items: [...(await completeLine(request.text, commands))] });
        return 0;
      case 'watch':
        await watchChanges({ commands, request, send, buffered: this.#options.buffered, signal: call.abort.signal });
        return 0;
      case 'logs':
        await commands.logs(
          request,
          {
            chunk: (source, fd, data) => this.#chunk(request.id, call, source, fd, data),
            holds: (bytes) => this.#hold(call, bytes),
          },
          call.abort.signal,
        );
        return 0;
      case 'exec': {
        requireRole(actor, 'operator');
        const handle = await commands.exec(
          request,
          actor,
          {
            chunk: (_source, fd, data) => this.#chunk(request.id, call, null, fd, data),
            holds: (bytes) => this.#hold(call, bytes),
          },
          call.abort.signal,
        );
        return call.input.run(handle);
      }
    }
  }

  /** Whoever takes nothing is cut off, the stream that brought the last too much first. */
  #hold(call: RunningCall, bytes: number): void {
    if (call.abort.signal.aborted) return;
    call.heldBytes += bytes;
    if (this.#options.holding.add(bytes)) return;
    call.broken = new LongshoreError(
      'TOO_LARGE',
      'read the stream: too much output waits for a reader that takes none',
      {
        hint: 'Read what comes, or follow fewer hosts at once.',
      },
    );
    call.abort.abort();
  }

  async #chunk(
    id: string,
    call: RunningCall,
    source: { readonly host: string; readonly service: string; readonly instance: string } | null,
    fd: 1 | 2,
    data: Uint8Array,
  ): Promise<void> {
    if (!(await call.window.take(data.byteLength))) call.abort.signal.throwIfAborted();
    this.#options.send({
      kind: 'chunk',
      id,
      source,
      fd,
      data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    });
  }

  #done(id: string, problemFound: Problem | null, exit = 0): void {
    this.#options.send({
      kind: 'done',
      id,
      exit: problemFound === null ? exit : ERRORS[problemFound.code].exit,
      problem: problemFound,
    });
  }

  #problemOf(error: unknown): Problem {
    if (!(error instanceof LongshoreError)) this.#options.log.error({ err: error }, 'a console call failed');
    return toErrorResponse(error, 'of the console').body;
  }
}

/** It may be ended from outside while it ran. */
function broken(call: RunningCall): Problem | null {
  return call.broken?.problem ?? null;
}
