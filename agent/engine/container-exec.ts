/**
 * Commands inside of a container: short ones with their result (probes, hooks) and open ones with streams (a shell).
 * Docker does not end a command when its caller leaves, so one that is out of time is killed here, by its process.
 */
import type { Duplex } from 'node:stream';
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { Clock } from '../clock.ts';
import { withTimeLimit } from '../with-time-limit.ts';
import type { ExecResult, OnChunk, OutputStream } from './container-engine.ts';
import type { Connection, EngineClient } from './engine-client.ts';
import { isSocketFault } from './engine-error.ts';
import { killExecProcess } from './kill-exec-process.ts';
import { onContainer } from './own-container.ts';
import { streamPieces } from './stream-frames.ts';

type Exec = Awaited<ReturnType<ReturnType<Connection['docker']['getContainer']>['exec']>>;

export interface ExecOptions {
  readonly tty: boolean;
  readonly columns: number;
  readonly rows: number;
}

const MOST_OUTPUT = 4_096;
/** The stream may end a moment before the engine has noted the exit code. */
const EXIT_CODE_TRIES = 50;
const EXIT_CODE_PAUSE_MS = 20;

export class ContainerExec {
  readonly #client: EngineClient;
  readonly #host: HostId;
  readonly #clock: Clock;

  constructor(client: EngineClient, host: HostId, clock: Clock) {
    this.#client = client;
    this.#host = host;
    this.#clock = clock;
  }

  /** @throws TIMEOUT after `timeoutMs`; the command is killed then */
  async run(
    instance: InstanceId,
    command: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ExecResult> {
    const operation = `exec ${command[0] ?? ''} in ${instance}`;
    signal.throwIfAborted();
    return this.#client.call(operation, async (connection) => {
      const exec = await this.#create(connection, instance, command, { tty: false, stdin: false });
      const stream = await exec.start({ hijack: true, stdin: false });
      return withTimeLimit(signal, timeoutMs, async (limit) => {
        const end = (): void => void stream.destroy(limit.reason as Error);
        limit.addEventListener('abort', end, { once: true });
        // Called off while the command was being started: no event comes any more.
        if (limit.aborted) end();
        try {
          const output = await firstOutput(stream);
          return { exitCode: (await this.#exitCode(exec, limit)) ?? -1, output };
        } catch (error) {
          if (!limit.aborted) throw error;
          await killExecProcess(exec, this.#clock);
          if (signal.aborted) throw signal.reason;
          throw new LongshoreError('TIMEOUT', `${operation}: it did not end within ${timeoutMs} ms`, { cause: error });
        } finally {
          limit.removeEventListener('abort', end);
        }
      });
    });
  }

  async open(
    instance: InstanceId,
    command: readonly string[],
    options: ExecOptions,
    onChunk: OnChunk,
    signal: AbortSignal,
  ): Promise<OutputStream> {
    signal.throwIfAborted();
    const operation = `exec ${command[0] ?? ''} in ${instance}`;
    return this.#client.call(operation, async (connection) => {
      const exec = await this.#create(connection, instance, command, { tty: options.tty, stdin: true });
      const stream = await exec.start({ hijack: true, stdin: true, Tty: options.tty });
      const failure = new StartFailure(command[0] ?? '', onChunk);
      const pumped = this.#pump(exec, stream, options.tty, failure.onChunk, signal).then((code) =>
        failure.exitOf(code),
      );
      const exitCode = this.#client.call(operation, () => pumped);
      // Whoever waits for it sees a failure; one that comes before anybody does must not end the agent.
      exitCode.catch(() => undefined);
      // One that has ended already cannot be resized, and a wrong size is corrected by the next change.
      if (options.tty) await exec.resize({ h: options.rows, w: options.columns }).catch(() => undefined);
      return {
        exitCode,
        write: (data) => writeInput(stream, data),
        end: () => void stream.end(),
        resize: async (columns, rows) => {
          if (!options.tty) return;
          await this.#client.find(`resize exec in ${instance}`, () => exec.resize({ h: rows, w: columns }));
        },
      };
    });
  }

  async #create(
    connection: Connection,
    instance: InstanceId,
    command: readonly string[],
    options: { readonly tty: boolean; readonly stdin: boolean },
  ): Promise<Exec> {
    return onContainer(connection, this.#host, instance, (container) =>
      container.exec({
        Cmd: [...command],
        AttachStdin: options.stdin,
        AttachStdout: true,
        AttachStderr: true,
        Tty: options.tty,
      }),
    );
  }

  /** Aborting ends the command too: nobody is left to talk to it. */
  async #pump(exec: Exec, stream: Duplex, tty: boolean, onChunk: OnChunk, signal: AbortSignal): Promise<number | null> {
    const end = (): void => void stream.destroy();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      for await (const { fd, data } of streamPieces(stream, tty)) await onChunk(fd, data);
    } catch (error) {
      if (!signal.aborted && !isSocketFault(error)) throw error;
    } finally {
      signal.removeEventListener('abort', end);
      stream.destroy();
    }
    if (signal.aborted) {
      await killExecProcess(exec, this.#clock);
      return null;
    }
    return this.#exitCode(exec, signal);
  }

  async #exitCode(exec: Exec, signal: AbortSignal): Promise<number | null> {
    for (let tries = 0; tries < EXIT_CODE_TRIES; tries += 1) {
      const { Running: running, ExitCode: exitCode } = await exec.inspect();
      if (!running && exitCode !== null) return exitCode;
      await this.#clock.sleep(EXIT_CODE_PAUSE_MS, signal);
      signal.throwIfAborted();
    }
    return null;
  }
}

/** How the engine begins what it writes into the output of a command that could not be started. */
const NOT_STARTED = 'OCI runtime exec failed';

/** Turns the engine's own text in a command's output into what a shell would say: on stderr, with 127 or 126. */
class StartFailure {
  readonly #command: string;
  readonly #onChunk: OnChunk;
  #isFirst = true;
  #held: { readonly fd: 1 | 2; readonly data: Uint8Array } | null = null;

  constructor(command: string, onChunk: OnChunk) {
    this.#command = command;
    this.#onChunk = onChunk;
  }

  readonly onChunk: OnChunk = async (fd, data) => {
    if (this.#isFirst && Buffer.from(data).toString('utf8', 0, NOT_STARTED.length) === NOT_STARTED) {
      // A copy: a piece shares the memory of its whole chunk.
      this.#held = { fd, data: data.slice() };
    } else {
      await this.#release();
      await this.#onChunk(fd, data);
    }
    this.#isFirst = false;
  };

  async exitOf(code: number | null): Promise<number | null> {
    const text = this.#held === null ? '' : Buffer.from(this.#held.data).toString('utf8').trim();
    if (text === '' || (code !== 126 && code !== 127)) {
      await this.#release();
      return code;
    }
    const isMissing = /executable file not found|no such file or directory/.test(text);
    const why = isMissing ? 'command not found' : (/exec: "[^"]*": (.+?)(?:: unknown)?$/.exec(text)?.[1] ?? text);
    await this.#onChunk(2, Buffer.from(`${this.#command}: ${why}\n`));
    return isMissing ? 127 : 126;
  }

  /** It was the command's own output after all. */
  async #release(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    if (held !== null) await this.#onChunk(held.fd, held.data);
  }
}

/** The first bytes of both outputs; the rest is read and dropped, so that the command does not block on a full pipe. */
async function firstOutput(stream: Duplex): Promise<string> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const { data } of streamPieces(stream, false)) {
    // A copy: a piece shares the memory of its whole chunk.
    if (size < MOST_OUTPUT) kept.push(data.slice(0, MOST_OUTPUT - size));
    size += data.length;
  }
  return Buffer.concat(kept).toString('utf8');
}

/**
 * Resolves when the bytes are taken: the caller's own backpressure. A command that reads no more input has not failed
 * (`head -1` ends long before its input does), so what cannot be written is dropped; how the command ended is told by its
 * exit code, and a socket that is gone by the reading side.
 */
function writeInput(stream: Duplex, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => {
      if (error && !isNotRead(error)) reject(error);
      else resolve();
    });
  });
}

const NOT_READ: ReadonlySet<unknown> = new Set(['ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

function isNotRead(error: Error): boolean {
  return isSocketFault(error) || ('code' in error && NOT_READ.has(error.code));
}
