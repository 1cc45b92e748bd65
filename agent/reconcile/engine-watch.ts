/**
 * Keeps the memory's picture of the engine fresh: looks when the engine's events or our own effects say that something
 * changed, and every few minutes in any case. One look at a time, bursts of events make one.
 *
 *   - a look that has no answer for a while is an obstacle before it has failed: an engine that hangs is not well
 *   - an event stream that ends means the engine went away: what ended meanwhile did not end by itself
 */
import { LongshoreError } from '../../fleet/errors.ts';
import { retryDelayMs, TRANSIENT } from '../../fleet/retry.ts';
import type { Clock } from '../clock.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { Log } from '../log.ts';
import type { Memory } from './memory.ts';
import { Wakeup } from './wakeup.ts';

/** Between two looks while things change. */
const SPACING_MS = 200;
/** A burst of events is one change. */
const SETTLE_MS = 10;
/** A look under way for longer is told; it goes on to the limits of its calls. */
export const LOOK_TOLD_AFTER_MS = 30_000;
const IDLE_LOOK_MS = 5 * 60_000;
const IDLE_JITTER_MS = 30_000;

export interface EngineWatchOptions {
  readonly engine: ContainerEngine;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** A look has ended (with or without a picture), or goes on for so long that it is an obstacle. */
  readonly onSeen: () => void;
}

export class EngineWatch {
  readonly #options: EngineWatchOptions;
  readonly #wakeup: Wakeup;
  #failures = 0;
  /** Why the last look failed; null = it did not. */
  #failure: string | null = null;
  #isLate = false;
  #isReadingHeld = false;
  /** Why the held images could not be listed; null = they could. */
  #heldFailure: string | null = null;

  constructor(options: EngineWatchOptions) {
    this.#options = options;
    this.#wakeup = new Wakeup(options.clock);
  }

  /** Why the engine does not answer; null = it does. */
  get obstacle(): string | null {
    if (this.#failure !== null || !this.#isLate) return this.#failure;
    return `look at the Docker Engine: no answer for more than ${LOOK_TOLD_AFTER_MS / 1_000} s`;
  }

  /** Something may have changed. */
  lookSoon(): void {
    this.#wakeup.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#runLooks(signal), this.#runEvents(signal)]);
  }

  async #runLooks(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      this.#wakeup.clear();
      const isSeen = await this.#look(signal);
      this.#options.onSeen();
      if (!isSeen) {
        await clock.sleep(retryDelayMs(TRANSIENT, this.#failures - 1, random()), signal);
        continue;
      }
      await clock.sleep(SPACING_MS, signal);
      await this.#wakeup.wait(IDLE_LOOK_MS + IDLE_JITTER_MS * random(), signal);
      await clock.sleep(SETTLE_MS, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<boolean> {
    const { engine, memory, clock } = this.#options;
    const look = memory.beginLook(clock.now().monotonicMs);
    const ended = new AbortController();
    void this.#tellWhenLate(ended.signal);
    try {
      const seen = await engine.observe(signal);
      const nowMs = clock.now().monotonicMs;
      memory.endLook(look, seen, nowMs);
      memory.forgetGone();
      void this.#readHeld();
      this.#failures = 0;
      this.#failure = null;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#failures += 1;
      this.#failure = error instanceof LongshoreError ? error.problem.message : String(error);
      this.#options.log.warn('the engine was not seen', { reason: this.#failure, failures: this.#failures });
      return false;
    } finally {
      ended.abort();
      this.#isLate = false;
    }
  }

  /** Beside the looks: which images may be pruned is nothing that an instance waits for. */
  async #readHeld(): Promise<void> {
    const { engine, memory, log, onSeen } = this.#options;
    if (memory.held !== null || this.#isReadingHeld) return;
    this.#isReadingHeld = true;
    try {
      memory.held = await engine.heldImages();
      this.#heldFailure = null;
      onSeen();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#heldFailure) log.warn('the held images were not listed', { reason });
      this.#heldFailure = reason;
    } finally {
      this.#isReadingHeld = false;
    }
  }

  async #tellWhenLate(ended: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(LOOK_TOLD_AFTER_MS, ended);
    if (ended.aborted) return;
    this.#isLate = true;
    this.#options.onSeen();
  }

  async #runEvents(signal: AbortSignal): Promise<void> {
    const { engine, memory, clock, random } = this.#options;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const begunMs = clock.now().monotonicMs;
      try {
        await engine.watch(() => this.lookSoon(), signal);
      } catch (error) {
        if (isOver(signal)) return;
        this.#options.log.debug('events of the engine ended', { reason: String(error) });
      }
      if (isOver(signal)) return;
      memory.forgetRun();
      this.lookSoon();
      if (clock.now().monotonicMs - begunMs > TRANSIENT.capMs) failures = 0;
      await clock.sleep(retryDelayMs(TRANSIENT, failures, random()), signal);
    }
  }
}

/** Asked anew after each wait, which the compiler does not know of. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;
