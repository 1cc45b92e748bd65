/**
 * When a loop looks next. One value answers both "is a look due?" and "what will start it?": it is either idle, waiting
 * with its timer, or started. The earliest request wins, and nothing but a stop takes a requested look away.
 */
import type { Timers } from './timers.ts';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly at: number; readonly cancel: () => void }
  /** `look` was called and has not begun to read: it will see whatever happens until then. */
  | { readonly kind: 'started' }
  | { readonly kind: 'stopped' };

export class NextLook {
  readonly #timers: Timers;
  readonly #look: () => void;
  #state: State = { kind: 'idle' };
  #restUntil = 0;

  /** @param look starts a look; it calls `begun` before it reads anything */
  constructor(timers: Timers, look: () => void) {
    this.#timers = timers;
    this.#look = look;
  }

  get isIdle(): boolean {
    return this.#state.kind === 'idle' || this.#state.kind === 'stopped';
  }

  /** Looks after `ms` at the latest, or after the rest where that is later. */
  within(ms: number): void {
    if (this.#state.kind === 'started' || this.#state.kind === 'stopped') return;
    const now = this.#timers.monotonicMs();
    const at = Math.max(now + ms, this.#restUntil);
    if (this.#state.kind === 'waiting') {
      if (this.#state.at <= at) return;
      this.#state.cancel();
    }
    if (at <= now) this.#start();
    else this.#state = { kind: 'waiting', at, cancel: this.#timers.after(at - now, () => this.#start()) };
  }

  /** Whatever is requested from here on needs another look. A look that nobody requested takes the place of one that waits. */
  begun(): void {
    if (this.#state.kind === 'stopped') return;
    if (this.#state.kind === 'waiting') this.#state.cancel();
    this.#state = { kind: 'idle' };
  }

  /** No look starts before `ms` have passed. */
  rest(ms: number): void {
    this.#restUntil = this.#timers.monotonicMs() + ms;
  }

  stop(): void {
    if (this.#state.kind === 'waiting') this.#state.cancel();
    this.#state = { kind: 'stopped' };
  }

  #start(): void {
    this.#state = { kind: 'started' };
    this.#look();
  }
}
