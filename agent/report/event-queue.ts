/**
 * Events on their way to the coordinator: a ring in memory of the newest KEPT_EVENTS. What happened while the
 * connection was away is sent when it is back; what was sent in the last seconds before it broke may not have arrived
 * and is sent again (the coordinator tells a second one by host, time and text). A restart of the agent loses what was
 * not sent: events are for people, and the state itself is in the reports.
 */
import { boundedText } from '../../fleet/bounded-text.ts';
import type { AppName } from '../../fleet/ids.ts';
import { TEXT_LIMITS } from '../../fleet/limits.ts';
import type { AgentMessageOf } from '../../protocol/agent-messages.ts';
import type { Clock } from '../clock.ts';
import type { Link } from '../session/connection.ts';

export const KEPT_EVENTS = 256;
export const DOUBT_MS = 10_000;

interface QueuedEvent {
  readonly message: AgentMessageOf<'event'>;
  /** Monotonic; null = not sent yet. */
  sentAtMs: number | null;
}

export class EventQueue {
  readonly #clock: Clock;
  #events: QueuedEvent[] = [];
  #link: Link | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(event: string, app: AppName | null, text: string): void {
    const at = this.#clock.now().wallMs;
    this.#events.push({
      message: {
        kind: 'event',
        at: Math.max(0, Math.round(at)),
        event: boundedText(event, TEXT_LIMITS.eventKind),
        app,
        text: boundedText(text, TEXT_LIMITS.eventText),
      },
      sentAtMs: null,
    });
    this.#send();
    if (this.#events.length > KEPT_EVENTS) this.#events = this.#events.slice(-KEPT_EVENTS);
  }

  /** From now on over this connection. */
  attach(link: Link): void {
    this.#link = link;
    link.signal.addEventListener('abort', () => this.#detach(link), { once: true });
    this.#send();
  }

  #detach(link: Link): void {
    if (this.#link !== link) return;
    this.#link = null;
    const since = this.#clock.now().monotonicMs - DOUBT_MS;
    this.#events = this.#events.filter(({ sentAtMs }) => sentAtMs === null || sentAtMs >= since);
    for (const queued of this.#events) queued.sentAtMs = null;
  }

  #send(): void {
    if (this.#link === null) return;
    const now = this.#clock.now().monotonicMs;
    for (const queued of this.#events) {
      if (queued.sentAtMs !== null) continue;
      queued.sentAtMs = now;
      this.#link.send(queued.message);
    }
    this.#events = this.#events.filter(({ sentAtMs }) => sentAtMs === null || sentAtMs >= now - DOUBT_MS);
  }
}
