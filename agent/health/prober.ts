/**
 * Probes what the plan names, each instance by a loop of its own, and keeps what was found as facts. A new run of an
 * instance (another start time) begins anew. Calls `onChange` only when a fact changed that the plan could depend on.
 */
import type { InstanceId } from '../../fleet/ids.ts';
import type { Clock } from '../clock.ts';
import type { InstanceHealth, ProbeTarget } from '../reconcile/observation.ts';
import { isOtherHealth, newHealth, nextProbeDelayMs, RUNNING_COUNTS_AFTER_MS, withAnswer } from './instance-health.ts';
import { withEitherSignal } from '../../fleet/with-either-signal.ts';
import type { Probe, ProbeAnswer } from './probe.ts';

interface Watch {
  target: ProbeTarget;
  /** The target changed while it was asked about: ask again without a pause. */
  isOutdated: boolean;
  health: InstanceHealth;
  readonly stop: AbortController;
  /** Ends the pause before the next probe. */
  hurry: AbortController;
}

export interface ProberOptions {
  readonly probe: Probe;
  readonly clock: Clock;
  readonly onChange: () => void;
}

export class Prober {
  readonly #options: ProberOptions;
  readonly #watches = new Map<InstanceId, Watch>();
  /** Instances that were watched before: a new watch of them is a restart. */
  readonly #known = new Set<InstanceId>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Watches exactly these from now on. */
  aim(targets: readonly ProbeTarget[]): void {
    const wanted = new Set(targets.map((target) => target.instance));
    for (const [instance, watch] of [...this.#watches]) if (!wanted.has(instance)) this.#drop(instance, watch);
    for (const target of targets) this.#aimAt(target);
  }

  facts(): Readonly<Record<InstanceId, InstanceHealth>> {
    return Object.fromEntries([...this.#watches].map(([instance, watch]) => [instance, watch.health]));
  }

  /** Containers that are no more are not known either. */
  forgetAllBut(alive: ReadonlySet<InstanceId>): void {
    for (const instance of [...this.#known]) if (!alive.has(instance)) this.#known.delete(instance);
  }

  close(): void {
    for (const [instance, watch] of [...this.#watches]) this.#drop(instance, watch);
  }

  #aimAt(target: ProbeTarget): void {
    const watch = this.#watches.get(target.instance);
    if (watch !== undefined && !isOtherRun(watch.target, target)) {
      const isChanged =
        JSON.stringify({ ...watch.target, startedAtMs: 0 }) !== JSON.stringify({ ...target, startedAtMs: 0 });
      watch.target = target;
      // A shorter interval, another address or another word of the engine counts at once.
      if (isChanged) {
        watch.isOutdated = true;
        watch.hurry.abort();
      }
      return;
    }
    if (watch !== undefined) this.#drop(target.instance, watch);
    const fresh: Watch = {
      target,
      isOutdated: false,
      health: newHealth(this.#options.clock.now().monotonicMs, this.#known.has(target.instance)),
      stop: new AbortController(),
      hurry: new AbortController(),
    };
    this.#known.add(target.instance);
    this.#watches.set(target.instance, fresh);
    void this.#runLoop(fresh);
  }

  #drop(instance: InstanceId, watch: Watch): void {
    watch.stop.abort();
    watch.hurry.abort();
    this.#watches.delete(instance);
  }

  async #runLoop(watch: Watch): Promise<void> {
    const { clock, onChange } = this.#options;
    while (!watch.stop.signal.aborted) {
      watch.isOutdated = false;
      const answer = await this.#ask(watch);
      if (isStopped(watch)) return;
      if (answer !== null && !watch.target.isPaused) {
        const before = watch.health;
        watch.health = withAnswer(before, watch.target, answer, clock.now().monotonicMs);
        if (isOtherHealth(before, watch.health)) onChange();
      }
      if (isOutdatedNow(watch)) continue;
      watch.hurry = new AbortController();
      await withEitherSignal(watch.stop.signal, watch.hurry.signal, (either) =>
        clock.sleep(this.#pauseMs(watch), either),
      );
    }
  }

  /** Null: too early to say. */
  async #ask(watch: Watch): Promise<ProbeAnswer | null> {
    const { check, instance, address, timeoutMs, isPaused } = watch.target;
    // Detached for a moment: an observation from the middle of a reconnect, which the planner repairs if it stays.
    if (isPaused || (address === null && (check.kind === 'http' || check.kind === 'tcp'))) return null;
    switch (check.kind) {
      case 'http':
      case 'tcp':
      case 'exec':
        return this.#options.probe({ instance, address, check, timeoutMs }, watch.stop.signal);
      case 'engine':
        return check.health === 'starting'
          ? null
          : {
              isHealthy: check.health === 'healthy',
              text: check.detail ?? `the image's health check says ${check.health}`,
            };
      case 'image':
      case 'none':
        return this.#ageMs(watch) < RUNNING_COUNTS_AFTER_MS ? null : { isHealthy: true, text: 'it runs' };
    }
  }

  #pauseMs(watch: Watch): number {
    switch (watch.target.check.kind) {
      case 'http':
      case 'tcp':
      case 'exec':
        return nextProbeDelayMs(watch.health, watch.target, this.#ageMs(watch));
      case 'engine':
        // The engine's events bring the next word; `aim` hurries then.
        return FAR_MS;
      case 'image':
      case 'none':
        return watch.health.healthySinceMs === null
          ? Math.max(1, RUNNING_COUNTS_AFTER_MS - this.#ageMs(watch))
          : FAR_MS;
    }
  }

  #ageMs(watch: Watch): number {
    return this.#options.clock.now().monotonicMs - watch.health.sinceMs;
  }
}

const FAR_MS = 3_600_000;

/** The start time is learned a moment after the start; only a different known one is another run. */
function isOtherRun(before: ProbeTarget, now: ProbeTarget): boolean {
  return before.startedAtMs !== null && now.startedAtMs !== null && before.startedAtMs !== now.startedAtMs;
}

/** Read anew: `aim` may have changed it while the loop waited for an answer. */
const isStopped = (watch: Watch): boolean => watch.stop.signal.aborted;
const isOutdatedNow = (watch: Watch): boolean => watch.isOutdated;
