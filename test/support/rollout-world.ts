/**
 * Hosts and store of one rollout, in memory: applies what `nextChanges` decides, as the loop does, and lets hosts
 * answer, fall silent and come back. Time moves only when it is told.
 */
import type { HostStepState } from '../../fleet/deployment.ts';
import { windowAt } from '../../fleet/maintenance-window.ts';
import type { HostAvailability } from '../../fleet/host.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AppReport } from '../../fleet/report.ts';
import { problem } from '../../fleet/errors.ts';
import type { ErrorCode } from '../../fleet/errors.ts';
import type { AssignmentRefusal } from '../../coordinator/ports.ts';
import { nextChanges } from '../../coordinator/rollout/next-changes.ts';
import { applyWish } from '../../coordinator/rollout/person-wishes.ts';
import type { Wish } from '../../coordinator/rollout/person-wishes.ts';
import type { RolloutChanges, RolloutFacts } from '../../coordinator/rollout/rollout-draft.ts';
import type { HostFact } from '../../coordinator/rollout/host-fact.ts';
import type {
  NewEvent,
  NewQuarantine,
  Placement,
  Rollout,
  RunTarget,
  Target,
} from '../../coordinator/store/records.ts';
import type { MaintenanceWindow, RolloutPolicy } from '../../fleet/rollout-policy.ts';
import type { Cause, Release } from '../../fleet/release.ts';
import {
  aDeployment,
  anAppReport,
  anAppSpec,
  anAttempt,
  appName,
  aPolicy,
  aRelease,
  aService,
  hostId,
  specHash,
} from './app-builders.ts';

const PERSON: Cause = { kind: 'person', token: 'test', note: null };

interface WorldHost {
  readonly name: string;
  readonly availability: HostAvailability;
  readonly offlineSince: number | null;
  readonly report: AppReport | null;
  readonly refusal: AssignmentRefusal | null;
}

export interface WorldOptions {
  readonly hosts: number;
  readonly policy?: Partial<RolloutPolicy>;
  /** No release to go back to. */
  readonly fresh?: boolean;
  readonly kind?: 'deploy' | 'rollback';
  /** A service `migrate` runs once for the deployment; by the letter of its hash in release 1 and 2. */
  readonly once?: readonly [string, string];
  readonly cause?: Cause;
  /** Of the schedule, in UTC. */
  readonly window?: MaintenanceWindow;
}

export class RolloutWorld {
  readonly hosts = new Map<HostId, WorldHost>();
  now = 1_000_000;
  rollout: Rollout;
  readonly events: NewEvent[] = [];
  readonly quarantine: NewQuarantine[] = [];
  /** Hosts that ever got a target to the new release. */
  readonly moved = new Set<HostId>();
  wakeAt: number | null = null;

  constructor(options: WorldOptions) {
    const ids = Array.from({ length: options.hosts }, (_, index) => hostId(index + 1));
    ids.forEach((id, index) => {
      this.hosts.set(id, {
        name: `host-${String(index + 1).padStart(4, '0')}`,
        availability: 'active',
        offlineSince: null,
        report: null,
        refusal: null,
      });
    });
    const { once, window = null, cause = PERSON } = options;
    const schedule = window === null ? null : { cron: '@hourly', timeZone: 'UTC', splayMs: 0, window };
    const migrate = once === undefined ? {} : { migrate: aService({ once: 'deployment' }) };
    const spec = anAppSpec({ rollout: aPolicy(options.policy), services: { web: aService(), ...migrate }, schedule });
    const replicas = { web: 1, ...(once === undefined ? {} : { migrate: 1 }) };
    const placement = Object.fromEntries(ids.map((id) => [id, replicas])) as Placement;
    const release = (number: 1 | 2): Release =>
      aRelease({
        number,
        spec,
        hashes: { ...aRelease().hashes, ...(once === undefined ? {} : { migrate: specHash(once[number - 1] ?? '') }) },
      });
    const base = options.fresh === true ? null : release(1);
    this.rollout = {
      deployment: aDeployment({ base: base === null ? null : 1, kind: options.kind ?? 'deploy', cause }),
      release: release(2),
      base,
      placement,
      targets: base === null ? [] : ids.map((host) => oldTarget(host)),
      lastAttempts: base === null ? {} : Object.fromEntries(ids.map((host) => [host, 1])),
    };
  }

  /** Also where the deployment is a person's. */
  get isWindowOpen(): boolean {
    const { schedule } = this.rollout.release.spec;
    if (this.rollout.deployment.cause.kind === 'person' || schedule === null) return true;
    return windowAt(schedule.window, schedule.timeZone, this.now).open;
  }

  get state(): string {
    return this.rollout.deployment.state;
  }

  facts(): RolloutFacts {
    const hosts = new Map<HostId, HostFact>();
    for (const [host, fact] of this.hosts) hosts.set(host, { host, ...fact });
    const goal = this.rollout.base === null ? null : this.rollout.placement;
    return { rollout: this.rollout, hosts, goal, now: this.now };
  }

  /** One decision, applied. */
  turn(): RolloutChanges {
    return this.#apply(nextChanges(this.facts()));
  }

  wish(wish: Wish): RolloutChanges {
    return this.#apply(applyWish(this.facts(), wish));
  }

  target(host: HostId): Target | null {
    return this.rollout.targets.find((target) => target.host === host) ?? null;
  }

  /** The host answers for the target that it has now. */
  answer(host: HostId, state: 'passed' | 'failed', code: ErrorCode = 'NEVER_HEALTHY'): void {
    const target = this.target(host);
    if (target?.kind !== 'run') return;
    const { deployment, release, attempt } = target;
    const reason = state === 'failed' ? problem(code, `gate on ${host}`) : null;
    const failedService = state === 'failed' ? 'web' : null;
    this.change(host, {
      report: anAppReport({
        release: state === 'passed' && target.onlyOnce !== true ? release : 1,
        attempt: anAttempt({ deployment, release, attempt, state, problem: reason, failedService }),
        converged: state === 'passed',
      }),
    });
  }

  /** The assignment with the target that the host has now is refused. */
  refuse(host: HostId, code: ErrorCode, isSentAgain: boolean): void {
    const target = this.target(host);
    if (target === null) return;
    const { kind } = target;
    const asked = kind === 'run' ? { kind, deployment: target.deployment, attempt: target.attempt } : { kind };
    this.change(host, {
      refusal: {
        problem: problem(code, `take assignment 1/7 on ${host}`),
        order: { epoch: 1, generation: 7 },
        asked: { web: asked },
        isSentAgain,
      },
    });
  }

  answerAll(state: 'passed' | 'failed'): void {
    for (const step of this.rollout.deployment.steps) {
      if (step.state === 'moving' || step.state === 'returning') this.answer(step.host, state);
    }
  }

  change(host: HostId, fields: Partial<WorldHost>): void {
    const before = this.hosts.get(host);
    if (before !== undefined) this.hosts.set(host, { ...before, ...fields });
  }

  inState(...states: readonly HostStepState[]): readonly HostId[] {
    return this.rollout.deployment.steps.filter((step) => states.includes(step.state)).map((step) => step.host);
  }

  #apply(changes: RolloutChanges): RolloutChanges {
    const targets = new Map(this.rollout.targets.map((target) => [target.host, target]));
    const lastAttempts = { ...this.rollout.lastAttempts };
    for (const target of changes.targets) {
      targets.set(target.host, target);
      if (target.kind !== 'run') continue;
      lastAttempts[target.host] = target.attempt;
      if (target.release === 2 && target.onlyOnce !== true) this.moved.add(target.host);
    }
    this.rollout = { ...this.rollout, deployment: changes.deployment, targets: [...targets.values()], lastAttempts };
    this.events.push(...changes.events);
    this.quarantine.push(...changes.quarantine);
    this.wakeAt = changes.wakeAt;
    return changes;
  }
}

function oldTarget(host: HostId): RunTarget {
  const deployment = aDeployment({ id: 'd-0000000000000001' as RunTarget['deployment'] }).id;
  return {
    kind: 'run',
    host,
    app: appName('web'),
    release: 1,
    deployment,
    attempt: 1,
    rollback: false,
    replicas: { web: 1 },
  };
}
