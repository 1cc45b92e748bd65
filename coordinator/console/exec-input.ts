/**
 * What a client types into an exec: taken in the order in which it came, also what came before the command ran (input
 * from a pipe is there at once), and answered with credit when the command's host has taken it. More than a client that
 * keeps to its credit can have under way ends the call.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import { STREAM_WINDOW_BYTES } from '../../protocol/version.ts';
import type { ExecHandle } from '../commands.ts';

/** A window, and what a client sends until its source stands still. */
export const MOST_WAITING_BYTES = 2 * STREAM_WINDOW_BYTES;

export class ExecInput {
  readonly #onTaken: (bytes: number) => void;
  readonly #opened: Promise<ExecHandle>;
  #open: (handle: ExecHandle) => void = () => undefined;
  readonly #failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #work: Promise<void> = Promise.resolve();
  #waitingBytes = 0;

  constructor(onTaken: (bytes: number) => void) {
    this.#onTaken = onTaken;
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    this.#failed = new Promise((_resolve, reject) => (this.#fail = reject));
    // Until somebody waits for the exit a failure is not "unhandled".
    this.#failed.catch(() => undefined);
  }

  /** The command runs: what waits goes to it. @returns its exit code @throws what ended it, TOO_LARGE */
  async run(handle: ExecHandle): Promise<number> {
    this.#open(handle);
    return Promise.race([handle.exit, this.#failed]);
  }

  write(data: Uint8Array): void {
    this.#waitingBytes += data.byteLength;
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.#fail(new LongshoreError('TOO_LARGE', `exec: more than ${MOST_WAITING_BYTES} bytes of input wait`));
      return;
    }
    this.#then(async (handle) => {
      await handle.write(data);
      this.#waitingBytes -= data.byteLength;
      this.#onTaken(data.byteLength);
    });
  }

  end(): void {
    this.#then(async (handle) => handle.end());
  }

  resize(columns: number, rows: number): void {
    this.#then(async (handle) => handle.resize(columns, rows));
  }

  #then(work: (handle: ExecHandle) => Promise<void>): void {
    this.#work = this.#work.then(async () => work(await this.#opened)).catch((error: unknown) => this.#fail(error));
  }
}
