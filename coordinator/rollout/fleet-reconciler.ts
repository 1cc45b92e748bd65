/**
 * Carries out `reconcileFleet`: for every app when the fleet changed, for one app when its deployment ended, and for
 * those with a host that waits to give them up when others report. One look at a time; an app with a deployment under
 * way is left to it and looked at after its end.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import { place, stickyPlacement } from '../placement/place.ts';
import { isGoingOff, whilePoweringOff } from '../placement/while-powering-off.ts';
import type { LiveHost } from '../ports.ts';
import type { AppPlaces, CurrentRelease, HostRow, NewEvent, Placement } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { declaresVolumes } from './declared-volumes.ts';
import type { ImageVolumes } from './declared-volumes.ts';
import type { HostDirectory } from './host-directory.ts';
import { hostFact, isUnreachable } from './host-fact.ts';
import { reconcileFleet, stuckEvent } from './reconcile-fleet.ts';
import type { FleetFacts, Stuck } from './reconcile-fleet.ts';
import type { Timers } from './timers.ts';

export interface FleetReconcilerOptions {
  readonly store: Pick<Store, 'currentReleases' | 'loadPlaces' | 'applyFleet'>;
  readonly directory: HostDirectory;
  readonly live: (host: HostId) => LiveHost | null;
  readonly imageVolumes: ImageVolumes;
  readonly assignmentsChanged: (hosts: readonly HostId[]) => void;
  readonly onFault: (error: unknown) => void;
  readonly startedAt: number;
  readonly now: () => number;
  readonly timers: Timers;
}

/** Hosts join and labels change in bursts: they are looked at together. */
const GATHER_MS = 50;
const RETRY_MS = 2_000;

export class FleetReconciler {
  readonly #options: FleetReconcilerOptions;
  readonly #due = new Set<AppName>();
  /** Apps of which a host waits until others have answered. */
  readonly #waiting = new Set<AppName>();
  readonly #renew = new Map<AppName, Set<HostId>>();
  /** When a silent host stops to be waited for, its app is looked at again. */
  readonly #graces = new Map<AppName, () => void>();
  /** Told already, by app: host and attempt. */
  readonly #stuck = new Map<AppName, ReadonlySet<string>>();
  #all = false;
  #timer: { readonly ms: number; readonly cancel: () => void } | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: FleetReconcilerOptions) {
    this.#options = options;
  }

  changed(): void {
    this.#all = true;
    this.#soon(GATHER_MS);
  }

  lookAt(app: AppName): void {
    this.#due.add(app);
    this.#soon(0);
  }

  /** The host gets its target again, under a new attempt. */
  renew(app: AppName, host: HostId): void {
    this.#renew.set(app, (this.#renew.get(app) ?? new Set()).add(host));
    this.lookAt(app);
  }

  reported(app: AppName): void {
    if (this.#waiting.has(app)) this.lookAt(app);
  }

  hostChanged(): void {
    for (const app of this.#waiting) this.lookAt(app);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const cancel of this.#graces.values()) cancel();
    await this.#running;
  }

  #soon(ms: number): void {
    // Whoever waits to try again does not hold up what is new.
    if (this.#stopped || (this.#timer !== null && this.#timer.ms <= ms)) return;
    this.#timer?.cancel();
    const cancel = this.#options.timers.after(ms, () => {
      this.#timer = null;
      this.#running = this.#running.then(() => this.#run());
    });
    this.#timer = { ms, cancel };
  }

  async #run(): Promise<void> {
    if (this.#stopped) return;
    const all = this.#all;
    const due = new Set(this.#due);
    this.#all = false;
    this.#due.clear();
    try {
      const current = await this.#options.store.currentReleases();
      const apps = new Set(current.map(({ release }) => release.app));
      // Of an app that was removed nobody takes anything over: every host that comes or goes would have us look again.
      for (const app of due) {
        if (apps.has(app)) continue;
        this.#waiting.delete(app);
        this.#lookAgainAt(app, null);
      }
      for (const release of current) {
        if (all || due.has(release.release.app)) await this.#lookAlone(release);
      }
    } catch (error) {
      this.#all ||= all;
      for (const app of due) this.#due.add(app);
      this.#tryAgain(error);
    }
  }

  /** An app that cannot be looked at does not keep the others from theirs. */
  async #lookAlone(current: CurrentRelease): Promise<void> {
    try {
      await this.#look(current);
    } catch (error) {
      this.#due.add(current.release.app);
      this.#tryAgain(error);
    }
  }

  #tryAgain(error: unknown): void {
    if (error instanceof LongshoreError && error.code === 'SHUTTING_DOWN') return;
    if (!(error instanceof LongshoreError && error.code === 'CONFLICT')) this.#options.onFault(error);
    this.#soon(RETRY_MS);
  }

  async #look({ release, deployment }: CurrentRelease): Promise<void> {
    const { store, live, startedAt, now, assignmentsChanged } = this.#options;
    const places = await store.loadPlaces({ app: release.app, deployment });
    // The end of what is under way will bring us here again.
    if (places === null) return;
    const renew = this.#renew.get(release.app) ?? new Set();
    const { targets: stored } = places;
    const rows = await this.#rowsFor(places);
    const hosts = new Map(rows.map((row) => [row.id, hostFact(row, live(row.id), release.app, startedAt)]));
    const { services } = places.release.spec;
    const isThere = (host: HostId): boolean => {
      const fact = hosts.get(host);
      return fact !== undefined && !isUnreachable(fact, now());
    };
    const facts: FleetFacts = {
      app: release.app,
      release: release.number,
      deployment,
      newer: new Set(places.newer),
      wanted: wantedPlacement(places, rows, isThere),
      everywhere: new Set(Object.keys(services).filter((name) => services[name]?.replicas === null)),
      placed: new Set(places.placed),
      targets: stored,
      hosts,
      renew,
      lastAttempts: places.lastAttempts,
      now: now(),
    };
    const first = reconcileFleet(facts);
    const other = otherPlacement(places, rows, facts, first.stuck, isThere);
    const changes = other === null ? first : reconcileFleet({ ...facts, wanted: other });
    const stuckEvents = this.#newsOf(facts, first.stuck, other);
    if (changes.waiting) this.#waiting.add(release.app);
    else this.#waiting.delete(release.app);
    this.#lookAgainAt(release.app, changes.wakeAt);
    const { targets } = changes;
    const events = [...stuckEvents, ...changes.events];
    if (targets.length + events.length === 0) return;
    await store.applyFleet({ app: release.app, expected: release.number, targets, events });
    for (const target of targets) renew.delete(target.host);
    assignmentsChanged(targets.map((target) => target.host));
  }

  /** Each attempt that takes nothing over is told once. */
  #newsOf(facts: FleetFacts, stuck: readonly Stuck[], other: Placement | null): readonly NewEvent[] {
    const known = this.#stuck.get(facts.app) ?? new Set();
    const keyOf = ({ host, attempt }: Stuck): string => `${host} ${attempt}`;
    this.#stuck.set(facts.app, new Set(stuck.map(keyOf)));
    const before = new Set(Object.keys(facts.wanted));
    const elsewhere = Object.keys(other ?? {}).filter((host) => !before.has(host)) as HostId[];
    return stuck.filter((one) => !known.has(keyOf(one))).map((one) => stuckEvent(facts, one, elsewhere));
  }

  /** The hosts as placement shall see them for this app. */
  async #rowsFor({ release, targets }: AppPlaces): Promise<readonly HostRow[]> {
    const rows = await this.#options.directory.rows();
    if (!rows.some(isGoingOff)) return rows;
    const hasImageVolumes = await declaresVolumes(release, this.#options.imageVolumes);
    return whilePoweringOff(release.spec, rows, stickyPlacement(targets), hasImageVolumes);
  }

  #lookAgainAt(app: AppName, at: number | null): void {
    this.#graces.get(app)?.();
    this.#graces.delete(app);
    if (at === null || this.#stopped) return;
    const { now, timers } = this.#options;
    this.#graces.set(
      app,
      timers.after(Math.max(0, at - now()), () => this.lookAt(app)),
    );
  }
}

/** Where the release belongs now. Where it cannot be placed whole, what may stay stays, and draining hosts still empty. */
function wantedPlacement(
  { release, targets }: AppPlaces,
  rows: readonly HostRow[],
  isThere: (host: HostId) => boolean,
): Placement {
  const sticky = stickyPlacement(targets);
  const placed = place(release.spec, rows, sticky, isThere);
  if (placed.kind === 'placed') return placed.placement;
  const staying = new Set(rows.filter((row) => row.availability !== 'draining').map((row) => row.id));
  if (placed.problem.code === 'NO_HOSTS') return {};
  return Object.fromEntries(Object.entries(sticky).filter(([host]) => staying.has(host as HostId)));
}

/** The same without the hosts that cannot take over; null = there is no other place, or nobody is stuck. */
function otherPlacement(
  { release, targets }: AppPlaces,
  rows: readonly HostRow[],
  { everywhere }: FleetFacts,
  stuck: readonly Stuck[],
  isThere: (host: HostId) => boolean,
): Placement | null {
  // What runs on every host has no other place.
  if (stuck.length === 0 || everywhere.size > 0) return null;
  const without = new Set(stuck.map(({ host }) => host));
  const others = rows.filter((row) => !without.has(row.id));
  const sticky = stickyPlacement(targets.filter(({ host }) => !without.has(host)));
  const placed = place(release.spec, others, sticky, isThere);
  return placed.kind === 'placed' ? placed.placement : null;
}
