/**
 * The working copy of one decision over a deployment: what stands, with the changes made so far. It lives for one call
 * and never changes what it was given; `changes()` is what has to be stored. All writes of a step, a target or a state
 * go through here, so that the three stay in step with each other.
 */
import { advance } from '../../fleet/deployment.ts';
import type { Deployment, DeploymentState, HostStep } from '../../fleet/deployment.ts';
import type { RolloutPolicy } from '../../fleet/rollout-policy.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { Cause } from '../../fleet/release.ts';
import { heldText } from '../release/held-updates.ts';
import type { NewEvent, NewQuarantine, Placement, Rollout, Target, TargetWrite } from '../store/records.ts';
import type { HostFact } from './host-fact.ts';

export interface RolloutFacts {
  readonly rollout: Rollout;
  /** Hosts that are not in it were removed. */
  readonly hosts: ReadonlyMap<HostId, HostFact>;
  /** Where the base release should run; null where there is no base to go back to. */
  readonly goal: Placement | null;
  /** Wall clock, ms. */
  readonly now: number;
}

export interface RolloutChanges {
  readonly deployment: Deployment;
  /** The states it passed on the way to the one it has now, in order: each step is checked again where it is stored. */
  readonly through: readonly DeploymentState[];
  /** Those of `deployment.steps` that differ from what was stored. */
  readonly steps: readonly HostStep[];
  readonly targets: readonly TargetWrite[];
  readonly quarantine: readonly NewQuarantine[];
  readonly events: readonly NewEvent[];
  /** Nothing will change before it without a report or a person; null = never by the clock alone. */
  readonly wakeAt: number | null;
}

export class RolloutDraft {
  readonly facts: RolloutFacts;
  readonly now: number;
  readonly policy: RolloutPolicy;
  #deployment: Deployment;
  readonly #states: DeploymentState[] = [];
  readonly #steps: Map<HostId, HostStep>;
  readonly #changed = new Set<HostId>();
  readonly #targets: Map<HostId, Target>;
  readonly #writes = new Map<HostId, TargetWrite>();
  readonly #attempts = new Map<HostId, number>();
  #quarantine: readonly NewQuarantine[] = [];
  readonly #events: NewEvent[] = [];
  #wakeAt: number | null = null;

  constructor(facts: RolloutFacts) {
    const { rollout } = facts;
    this.facts = facts;
    this.now = facts.now;
    this.policy = rollout.release.spec.rollout;
    this.#deployment = rollout.deployment;
    this.#steps = new Map(rollout.deployment.steps.map((step) => [step.host, step]));
    this.#targets = new Map(rollout.targets.map((target) => [target.host, target]));
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  get state(): DeploymentState {
    return this.#deployment.state;
  }

  steps(): readonly HostStep[] {
    return [...this.#steps.values()];
  }

  fact(host: HostId): HostFact | null {
    return this.facts.hosts.get(host) ?? null;
  }

  hostName(host: HostId): string {
    return this.fact(host)?.name ?? host;
  }

  target(host: HostId): Target | null {
    return this.#targets.get(host) ?? null;
  }

  /** Where a state, and all that goes with it, changes. Throws where the table of states does not allow it. */
  advance(to: DeploymentState, fields: Partial<Omit<Deployment, 'state' | 'steps' | 'id'>> = {}): void {
    this.#deployment = { ...this.#deployment, ...fields, state: advance(this.#deployment.state, to) };
    this.#states.push(to);
  }

  update(fields: Partial<Omit<Deployment, 'state' | 'steps' | 'id'>>): void {
    this.#deployment = { ...this.#deployment, ...fields };
  }

  /** `changedAt` is now whenever the state of the step is another one. */
  setStep(step: HostStep): void {
    const before = this.#steps.get(step.host);
    const changedAt = before?.state === step.state ? before.changedAt : this.now;
    this.#steps.set(step.host, { ...step, changedAt });
    this.#changed.add(step.host);
  }

  /** A number above every one that this host was ever given for the app. */
  nextAttempt(host: HostId): number {
    const last = this.#attempts.get(host) ?? this.facts.rollout.lastAttempts[host] ?? 0;
    this.#attempts.set(host, last + 1);
    return last + 1;
  }

  writeTarget(target: TargetWrite): void {
    this.#targets.set(target.host, target);
    this.#writes.set(target.host, target);
  }

  /** Each with its event. For what has failed its gate in the same decision, the hold is not told as well. */
  condemn(quarantine: readonly NewQuarantine[]): void {
    const known = this.#quarantine;
    this.#quarantine = [...known, ...quarantine];
    const fresh = quarantine.filter(
      ({ service, digest }) => !known.some((row) => row.service === service && row.digest === digest),
    );
    for (const { kind, service, digest } of fresh) {
      if (kind === 'held') continue;
      this.event('digest.quarantined', `Image ${digest} of ${service} failed its gate; no schedule deploys it again`);
    }
    const held = fresh.filter(({ kind }) => kind === 'held');
    if (held.length > 0) this.event('updates.held', heldText(this.#deployment.app, held));
  }

  event(kind: string, text: string, options: { readonly host?: HostId; readonly cause?: Cause } = {}): void {
    const { app, id } = this.#deployment;
    const cause = options.cause ?? { kind: 'coordinator', detail: `rollout of ${id}` };
    this.#events.push({ at: this.now, kind, app, host: options.host ?? null, deployment: id, cause, text });
  }

  end(
    to: Extract<DeploymentState, 'succeeded' | 'rolled_back' | 'failed' | 'cancelled' | 'superseded'>,
    problem: Problem | null,
    text: string,
    cause?: Cause,
  ): void {
    this.advance(to, { endedAt: this.now, problem });
    this.event(`deployment.${to}`, text, cause === undefined ? {} : { cause });
    this.#wakeAt = null;
  }

  /** The earliest instant wins. */
  wake(at: number): void {
    this.#wakeAt = this.#wakeAt === null ? at : Math.min(this.#wakeAt, at);
  }

  changes(): RolloutChanges {
    const steps = this.steps();
    return {
      deployment: { ...this.#deployment, steps },
      through: this.#states.slice(0, -1),
      steps: steps.filter((step) => this.#changed.has(step.host)),
      targets: [...this.#writes.values()],
      quarantine: this.#quarantine,
      events: this.#events,
      wakeAt: this.#wakeAt,
    };
  }
}
