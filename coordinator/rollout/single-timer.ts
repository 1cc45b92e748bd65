/** One wait at a time: a newer one takes the place of the one before, and after the stop there is none. */

/** Longest wait that one timer can do. */
const LONGEST_MS = 2 ** 31 - 1;

export class SingleTimer {
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  get isSet(): boolean {
    return this.#timer !== null;
  }

  set(ms: number, fire: () => void): void {
    this.clear();
    if (this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        fire();
      },
      Math.min(Math.max(0, ms), LONGEST_MS),
    );
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  stop(): void {
    this.#stopped = true;
    this.clear();
  }
}
