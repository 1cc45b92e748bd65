/**
 * What an agent does before its machine goes off: balancers are told first that this host is not ready any more, the
 * coordinator hears it, and requests go on being served until the balancers send none and those under way have ended,
 * or the time is over. Containers are left to Docker, which stops them when the machine does. It holds until the agent
 * ends; the coordinator's absence delays nothing.
 */
import type { AgentMessage } from '../../protocol/agent-messages.ts';
import type { Clock } from '../clock.ts';

/** What it needs of the host's ingress. */
export interface DrainingIngress {
  /** Readiness fails from now on, whatever is published. @returns whether anything was ready */
  stopBeingReady(): Promise<boolean>;
  /** Requests under way to all apps; null where the proxy cannot say. */
  requestsUnderWay(): Promise<number | null>;
}

/** A connection to the coordinator; sending does nothing after its end. */
export interface PowerOffLink {
  readonly signal: AbortSignal;
  send(message: Extract<AgentMessage, { kind: 'power-off' }>): void;
}

export interface PowerOffParts {
  /** Null = this host has no ingress. */
  readonly ingress: DrainingIngress | null;
  readonly clock: Clock;
}

export interface Drained {
  /** The coordinator has it in its store. */
  readonly noted: boolean;
  /** Requests that were under way when the time was over; null = the proxy could not say. */
  readonly left: number | null;
}

/** A balancer that probes every five seconds and believes the third miss has taken the host out by then. */
export const NOTICE_MS = 15_000;
/** Of a short time half is for the requests. */
const NOTICE_SHARE = 0.5;
const NOTED_MS = 5_000;
const LOOK_MS = 200;

export class PowerOff {
  readonly #parts: PowerOffParts;
  readonly #noted = new AbortController();
  #link: PowerOffLink | null = null;
  #draining: Promise<Drained> | null = null;

  constructor(parts: PowerOffParts) {
    this.#parts = parts;
  }

  /** A session is open: one that opens while the machine goes off is told, too. */
  connected(link: PowerOffLink): void {
    this.#link = link;
    if (this.#draining !== null) link.send({ kind: 'power-off' });
  }

  noted(): void {
    this.#noted.abort();
  }

  /** A second call waits for the first. Resolves at the latest when the time is over. */
  drain(timeoutMs: number, signal: AbortSignal): Promise<Drained> {
    this.#draining ??= this.#drain(timeoutMs, signal);
    return this.#draining;
  }

  async #drain(timeoutMs: number, signal: AbortSignal): Promise<Drained> {
    const { ingress, clock } = this.#parts;
    const startMs = clock.now().monotonicMs;
    const endMs = startMs + timeoutMs;
    const wasReady = (await ingress?.stopBeingReady().catch(() => true)) ?? false;
    this.#link?.send({ kind: 'power-off' });
    const noticeMs = wasReady ? Math.min(NOTICE_MS, timeoutMs * NOTICE_SHARE) : 0;
    const [left] = await Promise.all([
      ingress === null ? 0 : this.#served(ingress, startMs + noticeMs, endMs, signal),
      this.#told(Math.min(NOTED_MS, timeoutMs)),
    ]);
    return { noted: this.#noted.signal.aborted, left };
  }

  /** Waits for the coordinator's answer, where there is anybody to answer. */
  async #told(mostMs: number): Promise<void> {
    if (this.#link === null || this.#link.signal.aborted) return;
    await this.#parts.clock.sleep(mostMs, this.#noted.signal);
  }

  async #served(
    ingress: DrainingIngress,
    noticedMs: number,
    endMs: number,
    signal: AbortSignal,
  ): Promise<number | null> {
    const { clock } = this.#parts;
    await clock.sleep(noticedMs - clock.now().monotonicMs, signal);
    for (;;) {
      const left = await ingress.requestsUnderWay();
      const leftMs = endMs - clock.now().monotonicMs;
      // A proxy that cannot say gets the whole time: it may be busy, or have gone already.
      if (left === 0 || leftMs <= 0 || signal.aborted) return left;
      await clock.sleep(Math.min(LOOK_MS, leftMs), signal);
    }
  }
}
