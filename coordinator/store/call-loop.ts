/**
 * The order of the calls at SQLite's one connection. Writes that another program's lock keeps out wait here, in their
 * order, and are tried again shortly, while reads go on; they are refused after LOCK_WAIT_MS. What keeps writes from the
 * disk (`obstacle`) is found also while nobody writes, and again when it is gone.
 */
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { rollBack, runBatch } from './group-commit.ts';
import type { Call, Committed, Connection } from './group-commit.ts';
import type { WorkerAnswer } from './worker-messages.ts';

export interface CallLoopOptions {
  readonly connection: Connection;
  /** The next call that has arrived meanwhile. */
  readonly receive: () => Call | null;
  readonly onCommitted: (committed: Pick<Committed, 'answers' | 'appended'>) => void;
  /** What keeps it from writing, for people; null = nothing any more. */
  readonly onObstacle: (text: string | null) => void;
  /** Where the database is. */
  readonly freeBytes: () => number;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly after: (ms: number, fire: () => void) => () => void;
}

const LOCK_WAIT_MS = 5_000;
const LOCK_RETRY_MS = 100;
/** A backup, or somebody's look with another program, is no obstacle. */
const SHORT_LOCK_MS = 1_000;
export const LOOK_MS = 2_000;
const FREE_BYTES_NEEDED = 1024 * 1024;
/** Changes nothing, and reaches the disk all the same. */
const PROBE = "UPDATE meta SET value = value WHERE key = 'epoch'";

export class CallLoop {
  readonly #options: CallLoopOptions;
  #waiting: Call[] = [];
  /** Writes that have met a lock, oldest first. */
  #held: { readonly call: Call; readonly since: number }[] = [];
  readonly #heldSince = new WeakMap<Call, number>();
  #lockedSince: number | null = null;
  #failure: string | null = null;
  #obstacle: string | null = null;
  #turning: Promise<void> | null = null;
  #cancelRetry: (() => void) | null = null;
  #cancelLook: () => void = () => undefined;

  constructor(options: CallLoopOptions) {
    this.#options = options;
    this.#lookLater();
  }

  add(call: Call): void {
    this.#waiting.push(call);
    this.turn();
  }

  /** Takes up what has arrived. */
  turn(): void {
    this.#run(() => this.#turn());
  }

  /** Finishes what can be done; what waits for a lock is refused. */
  async close(): Promise<void> {
    this.#cancelLook();
    await this.#turning;
    this.#cancelRetry?.();
    this.#refuseHeld(() => true);
  }

  /** One at a time uses the connection. */
  #run(work: () => Promise<void>): void {
    this.#turning ??= work().finally(() => {
      this.#turning = null;
      if (this.#waiting.length > 0) this.turn();
      else this.#retryLater();
    });
  }

  async #turn(): Promise<void> {
    for (let call = this.#next(); call !== null; call = this.#next()) {
      this.#take(await runBatch(this.#options.connection, call, () => this.#next(), this.#options.clock));
    }
  }

  /** Behind a write that waits every other one waits too. */
  #next(): Call | null {
    for (;;) {
      const call = this.#waiting.shift() ?? this.#options.receive();
      if (call === null || !call.writes || this.#held.length === 0) return call;
      this.#hold(call);
    }
  }

  #take(committed: Committed): void {
    const { answers, appended, held, wrote } = committed;
    for (const call of held) this.#hold(call);
    if (held.length > 0) this.#lockedSince ??= this.#options.clock();
    else if (wrote) this.#lockedSince = this.#failure = null;
    this.#failure = answers.map(failureOf).find((text) => text !== null) ?? this.#failure;
    this.#tell();
    if (answers.length > 0) this.#options.onCommitted({ answers, appended });
  }

  #hold(call: Call): void {
    const since = this.#heldSince.get(call) ?? this.#options.clock();
    this.#heldSince.set(call, since);
    this.#held.push({ call, since });
  }

  #retryLater(): void {
    if (this.#held.length === 0 || this.#cancelRetry !== null) return;
    this.#cancelRetry = this.#options.after(LOCK_RETRY_MS, () => {
      this.#cancelRetry = null;
      const now = this.#options.clock();
      this.#refuseHeld((since) => now - since >= LOCK_WAIT_MS);
      this.#waiting = [...this.#held.map(({ call }) => call), ...this.#waiting];
      this.#held = [];
      this.turn();
    });
  }

  #refuseHeld(isDue: (since: number) => boolean): void {
    const due = this.#held.filter(({ since }) => isDue(since));
    if (due.length === 0) return;
    this.#held = this.#held.filter(({ since }) => !isDue(since));
    const answers = due.map(({ call }): WorkerAnswer => ({
      kind: 'failed',
      id: call.id,
      problem: problem('STORE_UNAVAILABLE', `store ${call.name}: ${LOCKED}`),
    }));
    this.#options.onCommitted({ answers, appended: [] });
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.after(LOOK_MS, () => {
      this.#lookLater();
      this.#run(() => this.#look());
    });
  }

  async #look(): Promise<void> {
    const { connection, freeBytes, clock } = this.#options;
    try {
      await connection.exec(connection.begin);
    } catch (error) {
      if (connection.isLocked(error)) this.#lockedSince ??= clock();
      this.#tell();
      return;
    }
    this.#lockedSince = null;
    try {
      if (this.#failure === null) await connection.exec('ROLLBACK');
      else {
        await connection.exec(PROBE);
        await connection.exec('COMMIT');
        this.#failure = null;
      }
    } catch (error) {
      this.#failure = connection.problemOf(error, 'write to the database').message;
      await rollBack(connection);
    }
    if (freeBytes() < FREE_BYTES_NEEDED) this.#failure ??= 'the disk of the database is full';
    this.#tell();
  }

  #tell(): void {
    const isLocked = this.#lockedSince !== null && this.#options.clock() - this.#lockedSince >= SHORT_LOCK_MS;
    const obstacle = isLocked ? LOCKED : this.#failure;
    if (obstacle === this.#obstacle) return;
    this.#obstacle = obstacle;
    this.#options.onObstacle(obstacle);
  }
}

const LOCKED = 'another program has locked the database';

/** Only what is not the caller's own mistake. */
function failureOf(answer: WorkerAnswer): string | null {
  if (answer.kind === 'done') return null;
  const { code, message }: Problem = answer.problem;
  return code === 'NO_SPACE' || code === 'STORE_UNAVAILABLE' ? message : null;
}
