/**
 * All apps' rollouts: wakes the loop of whom something concerns, keeps their leases, and looks after the targets
 * outside of deployments when the fleet changed. What is under way is taken up again at the start.
 */
import { hasEnded, waitsFor } from '../../fleet/deployment.ts';
import type { Deployment } from '../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import type { Cause } from '../../fleet/release.ts';
import type { RolloutsPort } from '../ports.ts';
import type { Store } from '../store/store.ts';
import { AppRollout } from './app-rollout.ts';
import type { AppRolloutOptions } from './app-rollout-options.ts';
import type { ImageVolumes } from './declared-volumes.ts';
import { FleetReconciler } from './fleet-reconciler.ts';
import { HostDirectory } from './host-directory.ts';
import type { Wish } from './person-wishes.ts';
import { nodeTimers } from './timers.ts';
import type { Timers } from './timers.ts';

export interface RolloutsOptions extends Omit<AppRolloutOptions, 'store' | 'directory' | 'onIdle' | 'timers'> {
  readonly store: Store;
  readonly imageVolumes: ImageVolumes;
  /** Node's, where none is given. */
  readonly timers?: Timers;
  /** It was ended by another call of the store than its rollout's. */
  readonly onEndedElsewhere: (deployment: DeploymentSummary) => void;
}

export class Rollouts implements RolloutsPort {
  readonly #options: RolloutsOptions & { readonly timers: Timers };
  readonly #directory: HostDirectory;
  readonly #apps = new Map<AppName, AppRollout>();
  readonly #fleet: FleetReconciler;
  #cancelRenewal: () => void = () => undefined;
  #stopped = false;

  constructor(options: RolloutsOptions) {
    this.#options = { ...options, timers: options.timers ?? nodeTimers };
    this.#directory = new HostDirectory(options.store);
    this.#fleet = new FleetReconciler({ ...this.#options, directory: this.#directory });
  }

  /** Takes up what has not ended and looks at every app's places once. */
  async start(): Promise<void> {
    for (const { app } of await this.#options.store.unendedDeployments({ app: null })) this.#app(app).wake();
    this.#fleet.changed();
    this.#renewLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRenewal();
    await Promise.all([...this.#apps.values()].map((app) => app.stop()));
    await this.#fleet.stop();
  }

  enqueued(app: AppName, superseded: readonly DeploymentSummary[]): void {
    superseded.forEach(this.#options.onEndedElsewhere);
    this.#app(app).enqueued();
  }

  appRemoved(app: AppName, cancelled: readonly DeploymentSummary[]): void {
    cancelled.forEach(this.#options.onEndedElsewhere);
    const rollout = this.#apps.get(app);
    if (rollout !== undefined) void this.#forget(app, rollout);
  }

  /** One that was deployed again under the same name in the meantime stays: two would drive one deployment. */
  async #forget(app: AppName, rollout: AppRollout): Promise<void> {
    await rollout.removed();
    if (rollout.isIdle && this.#apps.get(app) === rollout) this.#apps.delete(app);
  }

  async pause(id: DeploymentId, cause: Cause): Promise<Deployment> {
    return this.#wish(id, { kind: 'pause', cause });
  }

  async resume(id: DeploymentId, cause: Cause): Promise<Deployment> {
    return this.#wish(id, { kind: 'resume', cause });
  }

  async cancel(id: DeploymentId, rollback: boolean, cause: Cause): Promise<Deployment> {
    return this.#wish(id, { kind: 'cancel', rollback, cause });
  }

  fleetChanged(): void {
    this.#directory.changed();
    for (const app of this.#apps.values()) app.fleetChanged();
    this.#fleet.changed();
  }

  reload(): void {
    for (const app of this.#apps.values()) app.lost();
    this.fleetChanged();
  }

  /** Hosts that were not removed, as of the last look. */
  get knownHosts(): number {
    return this.#directory.count;
  }

  /** The app's deployment that is under way here. */
  underWay(app: AppName): Deployment | null {
    return this.#apps.get(app)?.deployment ?? null;
  }

  /** Those under way here that wait for this host's answer. */
  underWayOn(host: HostId): readonly Deployment[] {
    return [...this.#apps.values()].flatMap(({ deployment }) =>
      deployment !== null && !hasEnded(deployment.state) && waitsFor(deployment, host) ? [deployment] : [],
    );
  }

  /** The host gets its target again, under a new attempt. */
  renew(app: AppName, host: HostId): void {
    this.#fleet.renew(app, host);
  }

  /** Reports of these apps changed, or what was asked of them was refused. */
  reported(apps: readonly AppName[]): void {
    for (const app of apps) {
      const rollout = this.#apps.get(app);
      if (rollout?.isActive === true) rollout.wake();
      this.#fleet.reported(app);
    }
  }

  /** A host came or went. */
  connectionChanged(host: HostId): void {
    for (const app of this.#apps.values()) if (app.isActive) app.wake();
    void this.#learn(host);
  }

  async #learn(host: HostId): Promise<void> {
    // One that was enrolled after the rows were read.
    if (!(await this.#directory.has(host).catch(() => true))) this.fleetChanged();
    this.#fleet.hostChanged();
  }

  async #wish(id: DeploymentId, wish: Wish): Promise<Deployment> {
    const found = await this.#options.store.deployment({ id });
    if (found === null) throw new LongshoreError('NOT_FOUND', `${wish.kind} deployment ${id}: not found`);
    return this.#app(found.app).wish(id, wish);
  }

  #app(name: AppName): AppRollout {
    const known = this.#apps.get(name);
    if (known !== undefined) return known;
    const made = new AppRollout(name, {
      ...this.#options,
      directory: this.#directory,
      onIdle: (app) => this.#fleet.lookAt(app),
    });
    this.#apps.set(name, made);
    return made;
  }

  #renewLater(): void {
    if (this.#stopped) return;
    this.#cancelRenewal = this.#options.timers.after(this.#options.leaseMs / 3, () => {
      this.#renewLater();
      void this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { store, owner, leaseMs, now, onFault } = this.#options;
    const held = new Map(
      [...this.#apps.values()].flatMap((app) => (app.holds === null ? [] : [[app.holds, app] as const])),
    );
    if (held.size === 0 || this.#stopped) return;
    try {
      const kept = new Set(await store.renewLeases({ owner, ids: [...held.keys()], until: now() + leaseMs }));
      for (const [id, app] of held) if (!kept.has(id) && app.holds === id) app.lost();
    } catch (error) {
      if (!(error instanceof LongshoreError && error.code === 'SHUTTING_DOWN')) onFault(error);
    }
  }
}
