/**
 * The loop over one app's deployments: read facts, decide (`nextChanges`), write, notify, repeat while something changes.
 * One queue holds all its work, so that a report, a timer and a person never decide at the same time. Everything
 * durable is in the store.
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
import { giveUp } from './give-up.ts';
import { goalPlacement } from './goal-placement.ts';
import { hostFact } from './host-fact.ts';
import { isOpenAfterEnd, lateAnswers, nextChanges } from './next-changes.ts';
import { NextLook } from './next-look.ts';
import { mayGiveWay, nextInQueue } from './next-in-queue.ts';
import { applyWish } from './person-wishes.ts';
import type { Wish } from './person-wishes.ts';
import { RefusedWrites } from './refused-writes.ts';
import type { RolloutChanges, RolloutFacts } from './rollout-draft.ts';

interface Held {
  readonly fence: Fence;
  readonly rollout: Rollout;
  readonly goal: Placement | null;
}

const RETRY_MS = 1_000;
/** At most a fifth of the time goes into looking at many hosts again. */
const REST_FACTOR = 4;
const MOST_REST_MS = 1_000;

export class AppRollout {
  readonly #app: AppName;
  readonly #options: AppRolloutOptions;
  #queue: Promise<void> = Promise.resolve();
  #held: Held | null = null;
  /** The newest that ended here: hosts that come back late are still written down. */
  #late: Held | null = null;
  /** A newer one may be in the store. */
  #isQueueNew = false;
  /** Waits for its window: its hosts were told to download ahead. */
  #told: DeploymentId | null = null;
  readonly #next: NextLook;
  readonly #refused = new RefusedWrites();
  /** Last taken up or written. */
  #subject: DeploymentId | null = null;
  #decidingMs = 0;
  /** Works in the queue, with the one that runs. */
  #works = 0;
  #stopped = false;

  constructor(app: AppName, options: AppRolloutOptions) {
    this.#app = app;
    this.#options = options;
    this.#next = new NextLook(options.timers, () => void this.#enqueue(() => this.#turn()));
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

  /** It can be forgotten. */
  get isIdle(): boolean {
    return !this.isActive && this.#next.isIdle && this.#works === 0;
  }

  /** Something may have changed: decide anew, as soon as what is under way has been written. */
  wake(): void {
    this.#next.within(0);
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
      this.#next.rest(0);
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
    this.#next.stop();
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
    this.#held = null; // Somebody was quicker, or took it over: what we remember is old.
    if (this.#refused.refused(this.#subject, error)) this.#options.onFault(error);
    this.#next.within(RETRY_MS);
  }

  async #turn(): Promise<void> {
    this.#next.begun();
    if (this.#stopped) return;
    this.#decidingMs = 0;
    await this.#giveUpStuck();
    await this.#writeLate();
    // Each step that changed something may be followed by another.
    while (await this.#step());
    // Waiting for the store is no work: with few hosts an answer is followed at once.
    const restMs = this.#decidingMs > 5 ? Math.min(MOST_REST_MS, this.#decidingMs * REST_FACTOR) : 0;
    this.#next.rest(restMs);
  }

  async #giveUpStuck(): Promise<void> {
    const stuck = this.#refused.takeStuck();
    if (stuck === null) return;
    const held = await this.#take(stuck.id);
    if (held !== null) await this.#apply(held, giveUp(await this.#facts(held), stuck.reason));
  }

  /** @returns whether there may be more to do at once */
  async #step(): Promise<boolean> {
    // A newer one may be waiting, for this one's end or for its place.
    if (this.#isQueueNew || mayGiveWay(this.deployment)) {
      if (!(await this.#takeNext())) return false;
    }
    const held = this.#held;
    if (held === null) return false;
    const facts = await this.#facts(held);
    const began = this.#options.timers.monotonicMs();
    const changes = nextChanges(facts);
    this.#decidingMs += this.#options.timers.monotonicMs() - began;
    if (!isNothing(changes, held.rollout.deployment)) {
      await this.#apply(held, changes);
      return true;
    }
    if (changes.wakeAt !== null) this.#next.within(Math.max(1, changes.wakeAt - this.#options.now()));
    this.#tellWaiting(held.rollout);
    return false;
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
    const { store, leaseMs } = this.#options;
    // Where this fails nobody is held any more, and the queue is read again.
    this.#isQueueNew = false;
    const open = await store.unendedDeployments({ app: this.#app });
    const { run, supersede } = nextInQueue(open);
    for (const id of supersede) await this.#supersede(id, run);
    if (run === null) {
      this.#held = null;
      this.#options.onIdle(this.#app);
      return false;
    }
    if (this.#held?.rollout.deployment.id === run) return true;
    this.#held = null;
    const taken = await this.#take(run);
    if (taken === null) {
      this.#next.within(leaseMs / 3);
      return false;
    }
    this.#options.directory.changed();
    this.#held = taken;
    return true;
  }

  /** @returns null where another coordinator drives it */
  async #take(id: DeploymentId): Promise<Held | null> {
    const { store, owner, leaseMs, now } = this.#options;
    this.#subject = id;
    const fence = await store.takeLease({ id, owner, now: now(), until: now() + leaseMs });
    return fence === null ? null : { fence, rollout: await store.loadRollout({ id }), goal: null };
  }

  async #supersede(id: DeploymentId, by: DeploymentId | null): Promise<void> {
    const cause: Cause = { kind: 'coordinator', detail: 'a newer deployment of the app' };
    await this.#wish(id, { kind: 'supersede', by: by ?? 'a newer deployment', cause });
  }

  async #wish(id: DeploymentId, wish: Wish): Promise<Deployment> {
    const held = this.#held?.rollout.deployment.id === id ? this.#held : await this.#take(id);
    if (held === null)
      throw new LongshoreError('CONFLICT', `${wish.kind} deployment ${id}: another coordinator drives it`);
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
    this.#subject = deployment.id;
    await this.#options.store.applyRollout({
      fence: held.fence,
      expected: held.rollout.deployment.state,
      through: changes.through,
      deployment,
      steps: changes.steps,
      targets: changes.targets,
      quarantine: changes.quarantine,
      events: changes.events,
    });
    this.#refused.stored(deployment.id);
    const next: Held = { ...held, rollout: applied(held.rollout, changes) };
    const isCurrent = this.#held?.rollout.deployment.id === held.rollout.deployment.id;
    if (this.#told === held.rollout.deployment.id) this.#tellWaiting(next.rollout);
    if (hasEnded(changes.deployment.state)) {
      if (isCurrent) this.#held = null;
      if (isCurrent || this.#late?.rollout.deployment.id === changes.deployment.id) this.#late = next;
    } else if (isCurrent) this.#held = next;
    this.#options.assignmentsChanged(changes.targets.map((target) => target.host));
    this.#options.onChanged(changes.deployment);
  }

  async #writeLate(): Promise<void> {
    const late = this.#late;
    if (late === null) return;
    if (!late.rollout.deployment.steps.some(isOpenAfterEnd)) {
      this.#late = null;
      return;
    }
    const changes = lateAnswers(await this.#facts(late));
    if (changes.steps.length === 0) return;
    try {
      await this.#apply(late, changes);
    } catch (error) {
      // The app was removed, or a newer deployment has its place.
      if (!(error instanceof LongshoreError && error.code === 'CONFLICT')) throw error;
      this.#late = null;
    }
  }
}
