/**
 * Whose clock ticks: every connected agent asks `due` for its apps, within the same minute of the same hour. The
 * first question of an app is answered by one look at the registry; those that follow are the same question. What is
 * found becomes one release, rolled out in waves, with cause `schedule`.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import type { ImageChecks } from '../ports.ts';
import type { NewEvent, CurrentRelease } from '../store/records.ts';
import type { EventStore, HostStore, ReleaseStore } from '../store/store.ts';
import { dueDecision } from './due-decision.ts';

export interface DueChecksOptions {
  readonly store: Pick<ReleaseStore, 'currentReleases'> & Pick<EventStore, 'appendEvents'> & Pick<HostStore, 'host'>;
  readonly images: ImageChecks;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

export class DueChecks {
  readonly #options: DueChecksOptions;
  readonly #checkedAt = new Map<AppName, number>();
  readonly #underWay = new Map<AppName, Promise<void>>();
  /** Trouble that was told already: a registry that is down for a day is one event, not 24. */
  readonly #troubles = new Map<AppName, string>();

  constructor(options: DueChecksOptions) {
    this.#options = options;
  }

  /** An agent's tick. Returns at once. */
  due(host: HostId, app: AppName, scheduledAt: number): void {
    if (this.#underWay.has(app)) return;
    const decision = dueDecision({
      scheduledAt,
      now: this.#options.now(),
      checkedAt: this.#checkedAt.get(app) ?? null,
    });
    if (decision !== 'check') return;
    this.#checkedAt.set(app, this.#options.now());
    const work = this.#check(app, host).catch((error: unknown) => this.#options.onFault(error));
    this.#underWay.set(app, work);
    void work.then(() => this.#underWay.delete(app));
  }

  /** What is under way ends. */
  async stop(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #check(app: AppName, host: HostId): Promise<void> {
    const current = await this.#current(app);
    // An agent may still tick for an app that was removed or whose newest release has no schedule.
    if (current?.release.spec.schedule == null) return;
    const { cron } = current.release.spec.schedule;
    const name = (await this.#options.store.host({ id: host }))?.name ?? host;
    try {
      const { deployment, text } = await this.#options.images.check(app, {
        kind: 'schedule',
        detail: `${cron}, first asked by ${name}`,
      });
      if (this.#troubles.delete(app))
        await this.#tell(app, 'schedule.checked', `Checking ${app} works again: ${text}`, deployment);
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      if (error.code === 'SHUTTING_DOWN' || this.#troubles.get(app) === error.code) return;
      this.#troubles.set(app, error.code);
      await this.#tell(app, 'schedule.failed', `Checking ${app} for newer images failed: ${error.message}`, null);
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
