/**
 * Whose clock ticks: every connected agent asks `due` for its apps, within the same minute of the same hour. The
 * first question of an app is answered by one look at the registry; those that follow are the same question. What is
 * found becomes one release, rolled out in waves, with cause `schedule`. A look that could not be had (the registry is
 * away, a deployment is under way) answers nothing: it is repeated with back-off, so that a daily moment is not lost.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import type { Deployment } from '../../fleet/deployment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import { retryDelayMs, SCHEDULED_CHECK } from '../../fleet/retry.ts';
import type { ImageChecks } from '../ports.ts';
import type { Timers } from '../rollout/timers.ts';
import type { NewEvent, CurrentRelease } from '../store/records.ts';
import type { EventStore, HostStore, ReleaseStore } from '../store/store.ts';
import { dueDecision } from './due-decision.ts';

export interface DueChecksOptions {
  readonly store: Pick<ReleaseStore, 'currentReleases'> & Pick<EventStore, 'appendEvents'> & Pick<HostStore, 'host'>;
  readonly images: ImageChecks;
  readonly now: () => number;
  readonly timers: Timers;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onFault: (error: unknown) => void;
}

type Look =
  | { readonly kind: 'answered' }
  /** @param askedMs what the registry asked for (Retry-After) */
  | { readonly kind: 'again'; readonly askedMs: number | null };

interface Retry {
  readonly host: HostId;
  readonly attempt: number;
  readonly cancel: () => void;
}

const ANSWERED: Look = { kind: 'answered' };

export class DueChecks {
  readonly #options: DueChecksOptions;
  /** When an app was last looked at, with an answer. */
  readonly #checkedAt = new Map<AppName, number>();
  readonly #underWay = new Map<AppName, Promise<void>>();
  readonly #retries = new Map<AppName, Retry>();
  /** Trouble that was told already: a registry that is down for a day is one event, not 24. */
  readonly #troubles = new Map<AppName, string>();
  #stopped = false;

  constructor(options: DueChecksOptions) {
    this.#options = options;
  }

  /** An agent's tick. Returns at once. */
  due(host: HostId, app: AppName, scheduledAt: number): void {
    // A look that is to be repeated answers this tick as well.
    if (this.#underWay.has(app) || this.#retries.has(app)) return;
    const decision = dueDecision({
      scheduledAt,
      now: this.#options.now(),
      checkedAt: this.#checkedAt.get(app) ?? null,
    });
    if (decision === 'check') this.#begin(app, host, 0);
  }

  /** A look that waits for the end of a deployment is had now. */
  deploymentChanged({ app, state }: Pick<Deployment, 'app' | 'state'>): void {
    const retry = this.#retries.get(app);
    if (retry === undefined || !hasEnded(state)) return;
    retry.cancel();
    this.#begin(app, retry.host, retry.attempt);
  }

  /** What is under way ends; nothing is repeated any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#underWay.values());
    for (const { cancel } of this.#retries.values()) cancel();
    this.#retries.clear();
  }

  #begin(app: AppName, host: HostId, attempt: number): void {
    this.#retries.delete(app);
    if (this.#stopped) return;
    const began = this.#options.now();
    const work = this.#look(app, host).then((look) => {
      this.#underWay.delete(app);
      if (look.kind === 'answered') this.#checkedAt.set(app, began);
      else this.#again(app, host, attempt, look.askedMs);
    });
    this.#underWay.set(app, work);
  }

  #again(app: AppName, host: HostId, attempt: number, askedMs: number | null): void {
    const { timers, random } = this.#options;
    const cancel = timers.after(retryDelayMs(SCHEDULED_CHECK, attempt, random(), askedMs), () =>
      this.#begin(app, host, attempt + 1),
    );
    this.#retries.set(app, { host, attempt, cancel });
  }

  async #look(app: AppName, host: HostId): Promise<Look> {
    try {
      return await this.#check(app, host);
    } catch (error) {
      const isKnown = error instanceof LongshoreError;
      if (!isKnown || error.code !== 'SHUTTING_DOWN') this.#options.onFault(error);
      return isKnown && error.retryable ? { kind: 'again', askedMs: error.retryAfterMs } : ANSWERED;
    }
  }

  async #check(app: AppName, host: HostId): Promise<Look> {
    const current = await this.#current(app);
    // An agent may still tick for an app that was removed or whose newest release has no schedule.
    if (current?.release.spec.schedule == null) return ANSWERED;
    const { cron } = current.release.spec.schedule;
    const name = (await this.#options.store.host({ id: host }))?.name ?? host;
    try {
      const { deployment, text, asked } = await this.#options.images.check(app, {
        kind: 'schedule',
        detail: `${cron}, first asked by ${name}`,
      });
      if (!asked) return { kind: 'again', askedMs: null };
      if (this.#troubles.delete(app))
        await this.#tell(app, 'schedule.checked', `Checking ${app} works again: ${text}`, deployment);
      return ANSWERED;
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      if (error.code !== 'SHUTTING_DOWN' && this.#troubles.get(app) !== error.code) {
        this.#troubles.set(app, error.code);
        await this.#tell(app, 'schedule.failed', `Checking ${app} for newer images failed: ${error.message}`, null);
      }
      // Others changed the app again and again, or data that was restored waits for a person: that passes too.
      const isTransient = error.retryable || error.code === 'CONFLICT';
      return isTransient ? { kind: 'again', askedMs: error.retryAfterMs } : ANSWERED;
    }
  }

  async #current(app: AppName): Promise<CurrentRelease | null> {
    const all = await this.#options.store.currentReleases();
    return all.find(({ release }) => release.app === app) ?? null;
  }

  async #tell(app: AppName, kind: string, text: string, deployment: DeploymentId | null): Promise<void> {
    const cause = { kind: 'schedule', detail: 'check for newer images' } as const;
    const event: NewEvent = { at: this.#options.now(), kind, app, host: null, deployment, cause, text };
    await this.#options.store.appendEvents({ events: [event] });
  }
}
