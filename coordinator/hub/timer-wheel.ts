/**
 * Many deadlines and one timer: each entry sits in the slot of the second in which it is due. Ten thousand sessions
 * then cost one tick a second over those that are due, and no timer each. `tick` is called by the owner.
 */
const SLOT_MS = 1_000;

export class TimerWheel<T> {
  readonly #slots = new Map<number, Set<T>>();
  readonly #slotOf = new Map<T, number>();
  #done: number;

  constructor(now: number) {
    this.#done = Math.floor(now / SLOT_MS);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** Moves the entry if it is there already. Due at the first tick at or after `at`, up to a second later. */
  set(entry: T, at: number): void {
    this.delete(entry);
    const slot = Math.max(Math.ceil(at / SLOT_MS), this.#done + 1);
    const entries = this.#slots.get(slot) ?? new Set();
    this.#slots.set(slot, entries.add(entry));
    this.#slotOf.set(entry, slot);
  }

  delete(entry: T): void {
    const slot = this.#slotOf.get(entry);
    if (slot === undefined) return;
    this.#slotOf.delete(entry);
    const entries = this.#slots.get(slot);
    entries?.delete(entry);
    if (entries?.size === 0) this.#slots.delete(slot);
  }

  /** Takes out and answers all that are due. A clock that jumped ahead answers all it passed. */
  tick(now: number): readonly T[] {
    const until = Math.floor(now / SLOT_MS);
    const due: T[] = [];
    // After a long jump there are fewer slots in use than seconds gone.
    const passed =
      until - this.#done > this.#slots.size ? [...this.#slots.keys()].filter((slot) => slot <= until) : null;
    const slots =
      passed ?? Array.from({ length: Math.max(0, until - this.#done) }, (_, index) => this.#done + 1 + index);
    for (const slot of slots) {
      for (const entry of this.#slots.get(slot) ?? []) {
        this.#slotOf.delete(entry);
        due.push(entry);
      }
      this.#slots.delete(slot);
    }
    this.#done = Math.max(this.#done, until);
    return due;
  }
}
