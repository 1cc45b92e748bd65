/**
 * One command in a running container, its input and output over the socket. Input is written in order and credited when
 * the command has taken it; a client that sends more than its window is cut off rather than kept in memory.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import { STREAM_WINDOW_BYTES } from '../../protocol/version.ts';
import type { ContainerEngine, OutputStream } from '../engine/container-engine.ts';
import type { Link } from '../session/connection.ts';
import type { StreamSender } from './stream-sender.ts';
import { describeTarget, execTarget } from './stream-target.ts';

export class ExecStream {
  readonly #link: Link;
  readonly #sender: StreamSender;
  readonly #opened: Promise<OutputStream>;
  /** Input and resizes in the order in which they came; also those that came before the command ran. */
  #work: Promise<void>;
  #waitingBytes = 0;
  #fail: (error: unknown) => void = () => undefined;
  readonly #failed: Promise<never>;

  constructor(
    engine: ContainerEngine,
    link: Link,
    request: CoordinatorMessageOf<'exec-open'>,
    sender: StreamSender,
    signal: AbortSignal,
  ) {
    this.#link = link;
    this.#sender = sender;
    this.#opened = openExec(engine, request, sender, signal);
    this.#work = this.#opened.then(() => undefined);
    this.#failed = new Promise((_resolve, reject) => (this.#fail = reject));
    // Whoever waits for the exit learns of it; until then it is not "unhandled".
    this.#failed.catch(() => undefined);
    this.#work.catch(() => undefined);
  }

  /** The command's exit code; null where it ended without one. @throws what kept it from running */
  async exitCode(): Promise<number | null> {
    const stream = await this.#opened;
    return await Promise.race([stream.exitCode, this.#failed]);
  }

  write(data: Uint8Array): void {
    this.#waitingBytes += data.length;
    if (this.#waitingBytes > STREAM_WINDOW_BYTES) {
      this.#fail(new LongshoreError('TOO_LARGE', `exec: more than ${STREAM_WINDOW_BYTES} bytes of input at once`));
      return;
    }
    this.#then(async (stream) => {
      await stream.write(data);
      this.#waitingBytes -= data.length;
      this.#link.send({ kind: 'stream-credit', stream: this.#sender.id, bytes: data.length });
    });
  }

  endInput(): void {
    this.#then(async (stream) => stream.end());
  }

  resize(columns: number, rows: number): void {
    this.#then((stream) => stream.resize(columns, rows));
  }

  #then(work: (stream: OutputStream) => Promise<void>): void {
    this.#work = this.#work.then(async () => work(await this.#opened));
    this.#work.catch((error: unknown) => this.#fail(error));
  }
}

async function openExec(
  engine: ContainerEngine,
  request: CoordinatorMessageOf<'exec-open'>,
  sender: StreamSender,
  signal: AbortSignal,
): Promise<OutputStream> {
  const { target, command, tty, size } = request;
  const found = execTarget(target, (await engine.observe(signal)).containers);
  if (found === null)
    throw new LongshoreError('NOT_FOUND', `exec in ${describeTarget(target)}: no such instance runs on this host`);
  const options = { tty, columns: size?.columns ?? 80, rows: size?.rows ?? 24 };
  return await engine.openExec(found.instance, command, options, (fd, data) => sender.send(fd, data), signal);
}
