/**
 * What a watcher has not been sent yet: the newest view per host and deployment, and the oldest events up to a bound.
 * Past the bound events are only counted, and that count comes out behind those that are kept, so that its reader knows
 * after which event something is missing.
 */
import type { Change } from '../commands.ts';

export type PendingChange = Change | { readonly kind: 'left-out'; readonly events: number };

export const MOST_PENDING_EVENTS = 1_000;

export class PendingChanges {
  readonly #changes = new Map<string, Change>();
  #events = 0;
  #leftOut = 0;

  add(change: Change): void {
    if (change.kind === 'event') {
      // One that came after a gap would hide the gap: the reader goes on from the last event that it got.
      if (this.#leftOut > 0 || this.#events >= MOST_PENDING_EVENTS) {
        this.#leftOut += 1;
        return;
      }
      this.#events += 1;
    }
    const key = keyOf(change);
    this.#changes.delete(key);
    this.#changes.set(key, change);
  }

  /** Whether something about the same object waits. */
  has(change: Change): boolean {
    return this.#changes.has(keyOf(change));
  }

  take(): PendingChange | null {
    if (this.#leftOut > 0 && this.#events === 0) {
      const events = this.#leftOut;
      this.#leftOut = 0;
      return { kind: 'left-out', events };
    }
    const first = this.#changes.entries().next();
    if (first.done) return null;
    const [key, change] = first.value;
    this.#changes.delete(key);
    if (change.kind === 'event') this.#events -= 1;
    return change;
  }
}

function keyOf(change: Change): string {
  switch (change.kind) {
    case 'host':
      return `host ${change.host.id}`;
    case 'host-gone':
      return `host ${change.host}`;
    case 'deployment':
      return `deployment ${change.deployment.id}`;
    case 'event':
      return `event ${change.event.number}`;
  }
}
