/**
 * Tells the coordinator over each connection what `planReport` says. It holds the newest of everything and nothing
 * older, so that an hour without a connection costs one full report and no queue.
 */
import { boundedText } from '../../fleet/bounded-text.ts';
import type { HostMetrics } from '../../fleet/host.ts';
import { TEXT_LIMITS } from '../../fleet/limits.ts';
import type { HostProblem } from '../../fleet/report.ts';
import type { Clock } from '../clock.ts';
import type { Link } from '../session/connection.ts';
import { planReport, type AppReports, type SecretFacts, type SentReport } from './plan-report.ts';
import { untilAborted } from '../until-aborted.ts';

/** While so much waits in the socket, a newer report is better than a further one. */
const SLOW_BYTES = 512 * 1024;
const SLOW_WAIT_MS = 250;

export interface ReportSources {
  readonly apps: () => AppReports;
  readonly metrics: () => HostMetrics | null;
  readonly secrets: () => SecretFacts;
  /** One honest line. */
  readonly status: () => string;
  readonly problems: () => readonly HostProblem[];
}

export class Reporter {
  readonly #sources: ReportSources;
  readonly #clock: Clock;
  #wake: (() => void) | null = null;

  constructor(sources: ReportSources, clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** Something may have changed. Cheap, and may be called as often as one likes. */
  changed(): void {
    this.#wake?.();
  }

  /** Reports until the connection ends. */
  async run(link: Link): Promise<void> {
    let sent: SentReport | null = null;
    while (!link.signal.aborted) {
      // Armed before looking: what changes while we look wakes the wait below at once.
      const woken = this.#arm(link.signal);
      if (link.bufferedBytes > SLOW_BYTES) {
        await this.#clock.sleep(SLOW_WAIT_MS, link.signal);
        continue;
      }
      const plan = planReport(sent, {
        apps: this.#sources.apps(),
        metrics: this.#sources.metrics(),
        status: boundedText(this.#sources.status(), TEXT_LIMITS.status),
        secrets: this.#sources.secrets(),
        problems: this.#sources.problems(),
        nowMs: this.#clock.now().monotonicMs,
      });
      if (plan.kind === 'send') {
        for (const message of plan.messages) link.send(message);
        sent = plan.sent;
      } else if (plan.ms === null) {
        await untilAborted(woken);
      } else {
        await this.#clock.sleep(plan.ms, woken);
      }
    }
  }

  /** @returns a signal that aborts at the next change or with the connection */
  #arm(connection: AbortSignal): AbortSignal {
    const woken = new AbortController();
    const wake = (): void => {
      connection.removeEventListener('abort', wake);
      if (this.#wake === wake) this.#wake = null;
      woken.abort();
    };
    const before = this.#wake;
    this.#wake = wake;
    // One connection has one loop; the armed signal of its turn before is done with.
    before?.();
    connection.addEventListener('abort', wake, { once: true });
    if (connection.aborted) wake();
    return woken.signal;
  }
}
