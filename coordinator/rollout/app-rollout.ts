/**
 * The loop over one app's deployments: read facts, decide (`nextChanges`), write, tell, and again while something
 * changes. All its work goes through one queue, so a report, a timer and a person never decide at the same time.
 * Everything durable is in the store: after a crash the next coordinator goes on from there.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import type { Deployment } from '../../fleet/deployment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import type { AppName, DeploymentId } from '../../fleet/ids.ts';
import type { Cause } from '../../fleet/release.ts';
import type { Fence, Placement, Rollout } from '../store/records.ts';
import type { AppRolloutOptions } from './app-rollout-options.ts';
import { applied, isNothing } from './applied-changes.ts';
import { goalPlacement } from './goal-placement.ts';
import { hostFact } from './host-fact.ts';
import { lateAnswers, nextChanges } from './next-changes.ts';
import { nextInQueue } from './next-in-queue.ts';
import { applyWish } from './person-wishes.ts';
import type { Wish } from './person-wishes.ts';
import type { RolloutChanges, RolloutFacts } from './rollout-draft.ts';
import { SingleTimer } from './single-timer.ts';

interface Held {
  readonly fence: Fence;
  readonly rollout: Rollout;
  readonly goal: Placement | null;
}

const RETRY_MS = 1_000;
/** Looking at many hosts costs time; at most a fifth of it goes into looking again. */
const REST_FACTOR = 4;
const MOST_REST_MS = 1_000;

export class AppRollout {
  readonly #app: AppName;
  readonly #options: AppRolloutOptions;
  #queue: Promise<void> = Promise.resolve();
  #held: Held | null = null;
  /** The newest that ended here: hosts that come back late are still written down. */
  #late: Held | null = null;
  #isDue = false;
  /** A newer one may be in the store. */
  #isQueueNew = false;
  /** Waits for its window: its hosts were told to download ahead. */
  #told: DeploymentId | null = null;
  readonly #timer = new SingleTimer();
  #restUntil = 0;
  #decidingMs = 0;
  /** Works in the queue, with the one that runs. */
  #works = 0;
  #stopped = false;

  constructor(app: AppName, options: AppRolloutOptions) {
    this.#app = app;
    this.#options = options;
  }

  /** The deployment whose lease must be kept. */
  get holds(): DeploymentId | null {
    return this.#held?.rollout.deployment.id ?? null;
  }

  get deployment(): Deployment | null {
    return this.#held?.rollout.deployment ?? null;
  }

  get isActive(): boolean {
    return this.#held !== null || this.#late !== null;
  }

  /** Nothing is held, waited for or under way: it can be forgotten. */
  get isIdle(): boolean {
    return !this.isActive && !this.#isDue && !this.#timer.isSet && this.#works === 0;
  }

  /** Something may have changed: decide anew, as soon as what is under way has been written. */
  wake(): void {
    if (this.#isDue || this.#stopped) return;
    this.#isDue = true;
    // A wall clock that is set back must not make a rollout rest for an hour.
    const restMs = Math.min(MOST_REST_MS, this.#restUntil - this.#options.now());
    if (restMs <= 1) void this.#enqueue(() => this.#turn());
    else this.#timer.set(restMs, () => void this.#enqueue(() => this.#turn()));
  }

  enqueued(): void {
    this.#isQueueNew = true;
    this.wake();
  }

  /** Hosts are other ones: look at them anew. */
  fleetChanged(): void {
    if (this.#held !== null) this.#held = { ...this.#held, goal: null };
    if (this.isActive) this.wake();
  }

  /** Somebody else has it, or it was ended in the store. */
  lost(): void {
    void this.#enqueue(async () => {
      this.#held = null;
    });
    this.wake();
  }

  /** The app was removed: nobody asks who comes back late. Looks whether it was deployed again, too. */
  removed(): Promise<void> {
    return this.#enqueue(async () => {
      this.#held = null;
      this.#late = null;
      this.#timer.clear();
      // The rest was for what is gone, and its timer may just have been cleared.
      this.#restUntil = 0;
      await this.#turn();
    });
  }

  /** @throws NOT_FOUND, CONFLICT */
  wish(id: DeploymentId, wish: Wish): Promise<Deployment> {
    return new Promise((resolve, reject) => {
      void this.#enqueue(async () => {
        try {
          resolve(await this.#wish(id, wish));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer.stop();
    await this.#queue;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#works += 1;
    this.#queue = this.#queue
      .then(work)
      .catch((error: unknown) => this.#fault(error))
      .finally(() => (this.#works -= 1));
    return this.#queue;
  }

  #fault(error: unknown): void {
    if (error instanceof LongshoreError && error.code === 'SHUTTING_DOWN') return;
    // Somebody was quicker, or took it over: what we remember is old.
    this.#held = null;
    if (!(error instanceof LongshoreError && error.code === 'CONFLICT')) this.#options.onFault(error);
    this.#timer.set(RETRY_MS, () => this.wake());
  }

  async #turn(): Promise<void> {
    this.#isDue = false;
    if (this.#stopped) return;
    this.#decidingMs = 0;
    await this.#writeLate();
    while (await this.#step()) {
      // Each step that changed something may be followed by another.
    }
    // Waiting for the store is no work: with few hosts an answer is followed at once.
    const restMs = this.#decidingMs > 5 ? Math.min(MOST_REST_MS, this.#decidingMs * REST_FACTOR) : 0;
    this.#restUntil = this.#options.now() + restMs;
  }

  /** @returns whether there may be more to do at once */
  async #step(): Promise<boolean> {
    // A newer one may be waiting, for this one's end or for its place.
    const state = this.#held?.rollout.deployment.state ?? 'queued';
    if (this.#isQueueNew || state === 'queued' || state === 'paused') {
      if (!(await this.#takeNext())) return false;
    }
    const held = this.#held;
    if (held === null) return false;
    const facts = await this.#facts(held);
    const began = this.#options.now();
    const changes = nextChanges(facts);
    this.#decidingMs += this.#options.now() - began;
    if (isNothing(changes, held.rollout.deployment)) {
      if (changes.wakeAt !== null) this.#timer.set(changes.wakeAt - this.#options.now(), () => this.wake());
      this.#tellWaiting(held.rollout);
      return false;
    }
    await this.#apply(held, changes);
    return true;
  }

  /** Its hosts' assignments name what it will bring, from now on or (where it ended before it began) no more. */
  #tellWaiting(rollout: Rollout): void {
    const { id, state } = rollout.deployment;
    const isWaiting = state === 'queued';
    if (isWaiting === (this.#told === id)) return;
    this.#told = isWaiting ? id : null;
    if (isWaiting || hasEnded(state)) this.#options.assignmentsChanged(Object.keys(rollout.placement).filter(isHostId));
  }

  /** @returns whether one is held now */
  async #takeNext(): Promise<boolean> {
    const { store, owner, leaseMs, now } = this.#options;
    // Where this fails nobody is held any more, and the queue is read again.
    this.#isQueueNew = false;
    const open = (await store.unendedDeployments()).filter((deployment) => deployment.app === this.#app);
    const decision = nextInQueue(open);
    for (const id of decision.supersede) await this.#supersede(id, decision.run);
    if (decision.run === null) {
      this.#held = null;
      this.#options.onIdle(this.#app);
      return false;
    }
    if (this.#held?.rollout.deployment.id === decision.run) return true;
    const fence = await store.takeLease({ id: decision.run, owner, now: now(), until: now() + leaseMs });
    if (fence === null) {
      this.#held = null;
      this.#timer.set(leaseMs / 3, () => this.wake());
      return false;
    }
    this.#options.directory.changed();
    this.#held = { fence, rollout: await store.loadRollout({ id: decision.run }), goal: null };
    return true;
  }

  async #supersede(id: DeploymentId, by: DeploymentId | null): Promise<void> {
    const cause: Cause = { kind: 'coordinator', detail: 'a newer deployment of the app' };
    await this.#wish(id, { kind: 'supersede', by: by ?? 'a newer deployment', cause });
  }

  async #wish(id: DeploymentId, wish: Wish): Promise<Deployment> {
    const { store, owner, leaseMs, now } = this.#options;
    let held = this.#held;
    if (held?.rollout.deployment.id !== id) {
      const fence = await store.takeLease({ id, owner, now: now(), until: now() + leaseMs });
      if (fence === null)
        throw new LongshoreError('CONFLICT', `${wish.kind} deployment ${id}: another coordinator drives it`);
      held = { fence, rollout: await store.loadRollout({ id }), goal: null };
    }
    const changes = applyWish(await this.#facts(held), wish);
    await this.#apply(held, changes);
    this.wake();
    return changes.deployment;
  }

  async #facts(held: Held): Promise<RolloutFacts> {
    const { directory, live, startedAt, now } = this.#options;
    const rows = await directory.rows();
    const goal = held.goal ?? goalPlacement(held.rollout, rows);
    if (this.#held === held) this.#held = { ...held, goal };
    const hosts = new Map(rows.map((row) => [row.id, hostFact(row, live(row.id), this.#app, startedAt)]));
    return { rollout: held.rollout, hosts, goal, now: now() };
  }

  async #apply(held: Held, changes: RolloutChanges): Promise<void> {
    const { steps: _steps, ...deployment } = changes.deployment;
    await this.#options.store.applyRollout({
      fence: held.fence,
      expected: held.rollout.deployment.state,
      deployment,
      steps: changes.steps,
      targets: changes.targets,
      quarantine: changes.quarantine,
      events: changes.events,
    });
    const next: Held = { ...held, rollout: applied(held.rollout, changes) };
    const isCurrent = this.#held?.rollout.deployment.id === held.rollout.deployment.id;
    if (this.#told === held.rollout.deployment.id) this.#tellWaiting(next.rollout);
    if (hasEnded(changes.deployment.state)) {
      if (isCurrent) this.#held = null;
      if (isCurrent || this.#late?.rollout.deployment.id === changes.deployment.id) this.#late = next;
    } else if (isCurrent) {
      this.#held = next;
    }
    this.#options.assignmentsChanged(changes.targets.map((target) => target.host));
    this.#options.onChanged(changes.deployment);
  }

  async #writeLate(): Promise<void> {
    const late = this.#late;
    if (late === null) return;
    if (!late.rollout.deployment.steps.some((step) => ['moving', 'offline', 'returning'].includes(step.state))) {
      this.#late = null;
      return;
    }
    const changes = lateAnswers(await this.#facts(late));
    if (changes.steps.length === 0) return;
    try {
      await this.#apply(late, changes);
    } catch (error) {
      // The app was removed, or a newer deployment has its place: nobody asks any more.
      if (!(error instanceof LongshoreError && error.code === 'CONFLICT')) throw error;
      this.#late = null;
    }
  }
}
