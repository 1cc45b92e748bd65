/**
 * When people should read that a host went away or came back. Agents drop their connections on purpose every half
 * hour and reconnect within a moment; only an absence of a minute is an event, and only after one is the return.
 */
import type { HostId } from '../../fleet/ids.ts';
import { TimerWheel } from './timer-wheel.ts';

const MISSED_AFTER_MS = 60_000;

export class Departures {
  readonly #away = new Map<HostId, string>();
  readonly #wheel: TimerWheel<HostId>;
  readonly #missed = new Set<HostId>();

  constructor(now: number) {
    this.#wheel = new TimerWheel(now);
  }

  left(host: HostId, name: string, now: number): void {
    this.#away.set(host, name);
    this.#wheel.set(host, now + MISSED_AFTER_MS);
  }

  back(host: HostId): void {
    this.forget(host);
  }

  forget(host: HostId): void {
    this.#away.delete(host);
    this.#wheel.delete(host);
    this.#missed.delete(host);
  }

  nameOf(host: HostId): string {
    return this.#away.get(host) ?? host;
  }

  /** Its return is worth an event: it was said to be away, or it was never here. */
  wasMissed(row: { readonly id: HostId; readonly lastSeenAt: number | null }): boolean {
    return row.lastSeenAt === null || this.#missed.has(row.id);
  }

  /** @returns hosts that have been away for a minute now */
  tick(now: number): readonly { readonly host: HostId; readonly name: string }[] {
    return this.#wheel.tick(now).map((host) => {
      this.#missed.add(host);
      return { host, name: this.nameOf(host) };
    });
  }
}
