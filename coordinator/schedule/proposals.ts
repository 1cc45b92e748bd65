/**
 * What hosts did alone while they were away: an app that may (`offline: update`) was moved to a newer image by its
 * agent, which keeps it as a proposal. The registry is asked once: where it has something newer that is not in
 * quarantine, that becomes a release for all. Otherwise the host is told anew what it should run, and goes back.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { HubPort, ImageChecks } from '../ports.ts';
import type { NewEvent } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export interface ProposalsOptions {
  readonly store: Pick<Store, 'latestDeployments' | 'appendEvents'>;
  readonly hub: Pick<HubPort, 'live'>;
  readonly images: ImageChecks;
  /** Gives the host its target again, under a new attempt. */
  readonly renew: (app: AppName, host: HostId) => void;
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
  /** How long after a registry that cannot be asked it is asked again, by itself. */
  readonly retryMs?: number;
}

const RETRY_MS = 5 * 60_000;

export class Proposals {
  readonly #options: ProposalsOptions;
  /** What was proposed and answered, by host and app: a report that says it again is no new proposal. */
  readonly #answered = new Map<string, string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: ProposalsOptions) {
    this.#options = options;
  }

  reported(host: HostId, apps: readonly AppName[]): void {
    const live = this.#options.hub.live(host);
    for (const app of apps) {
      const key = `${host} ${app}`;
      const proposal = live?.apps[app]?.proposal ?? null;
      if (proposal === null) {
        this.#answered.delete(key);
        continue;
      }
      const text = JSON.stringify(Object.entries(proposal).sort());
      if (this.#answered.get(key) === text) continue;
      this.#answered.set(key, text);
      this.#work = this.#work
        .then(() => this.#answer(host, app, key))
        .catch((error: unknown) => this.#options.onFault(error));
    }
  }

  async stop(): Promise<void> {
    await this.#work;
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
  }

  /** The report may not change for hours: nothing else would ask. */
  #again(host: HostId, app: AppName): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.reported(host, [app]);
    }, this.#options.retryMs ?? RETRY_MS);
    timer.unref();
    this.#retries.add(timer);
  }

  async #answer(host: HostId, app: AppName, key: string): Promise<void> {
    const { store, images, renew } = this.#options;
    try {
      const cause = { kind: 'host', host, detail: 'it updated the app by itself while it was away' } as const;
      const { deployment, text } = await images.check(app, cause);
      if (deployment !== null) {
        await this.#tell(host, app, 'proposal.adopted', `What the host did alone is a release now: ${text}`);
        return;
      }
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      // The registry cannot be asked now: the host keeps it until it can.
      this.#answered.delete(key);
      if (error.code !== 'SHUTTING_DOWN') this.#again(host, app);
      return;
    }
    const [latest] = await store.latestDeployments({ apps: [app] });
    // A deployment under way reaches the host and says what it runs; where it ends before, it is asked about again.
    if (latest !== undefined && !hasEnded(latest.state)) {
      this.#answered.delete(key);
      this.#again(host, app);
      return;
    }
    renew(app, host);
    await this.#tell(
      host,
      app,
      'proposal.taken-back',
      `The registry has nothing newer that may run: ${app} on the host follows its target again`,
    );
  }

  async #tell(host: HostId, app: AppName, kind: string, text: string): Promise<void> {
    const cause = { kind: 'coordinator', detail: 'an answer to what a host did alone' } as const;
    const event: NewEvent = { at: this.#options.now(), kind, app, host, deployment: null, cause, text };
    await this.#options.store.appendEvents({ events: [event] });
  }
}
