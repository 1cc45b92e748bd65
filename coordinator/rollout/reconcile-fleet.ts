/**
 * Targets outside of deployments: a host that joins (or was cordoned meanwhile) gets the app's last succeeded release,
 * a host that drains or is not selected any more gives its apps up, and replicas it leaves go to others. Pure and
 * level-triggered; with nothing to mend it writes nothing.
 *
 * What a newer deployment left in place (cancelled, failed) is a person's choice and stays. A host gives up an app only
 * when those that take over have answered, so that draining does not lose replicas.
 */
import type { HostAvailability } from '../../fleet/host.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import type { NewEvent, Placement, Target, TargetWrite } from '../store/records.ts';
import { graceEndsAt, isUnreachable, refusalOf } from './host-fact.ts';
import type { HostFact } from './host-fact.ts';

export interface FleetFacts {
  readonly app: AppName;
  /** Last succeeded release and the deployment that brought it. */
  readonly release: number;
  readonly deployment: DeploymentId;
  /** Younger deployments that ended by themselves or by a person: what they left in place stays. */
  readonly newer: ReadonlySet<DeploymentId>;
  /** Where the release should run, from the hosts as they are now. */
  readonly wanted: Placement;
  readonly targets: readonly Target[];
  readonly hosts: ReadonlyMap<HostId, HostFact>;
  /** Hosts that are told their target again, under a new attempt. */
  readonly renew: ReadonlySet<HostId>;
  readonly lastAttempts: Readonly<Record<HostId, number>>;
  readonly now: number;
}

export interface FleetChanges {
  readonly targets: readonly TargetWrite[];
  readonly events: readonly NewEvent[];
  /** A host waits to give its app up until others have answered: look again at their reports. */
  readonly waiting: boolean;
  /** Wall clock, ms: from then on a silent host is not waited for any more; null = nobody silent is. */
  readonly wakeAt: number | null;
}

export function reconcileFleet(facts: FleetFacts): FleetChanges {
  const byHost = new Map(facts.targets.map((target) => [target.host, target]));
  const given = Object.entries(facts.wanted).flatMap(([id, replicas]) => {
    const host = id as HostId;
    const write = targetOf(facts, host, replicas, byHost.get(host) ?? null);
    return write === null ? [] : [write];
  });
  const leaving = facts.targets.filter(
    (target) => target.kind === 'run' && isLeaving(facts, target.host, target.deployment),
  );
  const ready =
    given.length === 0 &&
    Object.keys(facts.wanted).every((host) => hasAnswered(facts, byHost.get(host as HostId) ?? null));
  const removed = ready ? leaving.map((target) => target.host) : [];
  const waiting = leaving.length > 0 && !ready;
  return {
    targets: [
      ...given,
      ...removed.map((host): TargetWrite => ({ kind: 'remove', host, app: facts.app, volumes: false })),
    ],
    events: [
      ...given.map((target) =>
        event(
          facts,
          target.host,
          'app.placed',
          `${facts.app} release ${facts.release} goes to ${nameOf(facts, target.host)}`,
        ),
      ),
      ...removed.map((host) =>
        event(
          facts,
          host,
          'app.leaves-host',
          `${facts.app} leaves ${nameOf(facts, host)}: ${whyLeaving(availability(facts, host))}`,
        ),
      ),
    ],
    waiting,
    wakeAt: waiting ? firstGraceEnd(facts) : null,
  };
}

function firstGraceEnd(facts: FleetFacts): number | null {
  const ends = Object.keys(facts.wanted).flatMap((host) => {
    const fact = facts.hosts.get(host as HostId);
    const end = fact === undefined ? null : graceEndsAt(fact);
    return end === null || end <= facts.now ? [] : [end];
  });
  return ends.length === 0 ? null : Math.min(...ends);
}

/** @returns what the host should be told; null = it is told already, or may not be told now */
function targetOf(
  facts: FleetFacts,
  host: HostId,
  replicas: Readonly<Record<string, number>>,
  target: Target | null,
): Extract<TargetWrite, { kind: 'run' }> | null {
  if (target?.kind === 'run') {
    if (target.release !== facts.release && facts.newer.has(target.deployment)) return null;
    const isSame = target.release === facts.release && isSameCount(target.replicas, replicas);
    if (isSame && !facts.renew.has(host)) return null;
  }
  // Cordoned hosts keep what they have; whatever is new waits until they are active again.
  if (availability(facts, host) !== 'active') return null;
  const attempt = (facts.lastAttempts[host] ?? 0) + 1;
  const { app, release, deployment } = facts;
  return { kind: 'run', host, app, release, deployment, attempt, rollback: false, replicas };
}

function isLeaving(facts: FleetFacts, host: HostId, deployment: DeploymentId): boolean {
  if (Object.hasOwn(facts.wanted, host) || !facts.hosts.has(host)) return false;
  switch (availability(facts, host)) {
    case 'draining':
      return true;
    // A cordoned host is left as it is, as its plan says; it gives the app up when it is active again.
    case 'paused':
      return false;
    case 'active':
    case null:
      return !facts.newer.has(deployment);
  }
}

/** The host has taken over, cannot, or is not there: nobody waits for it. */
function hasAnswered(facts: FleetFacts, target: Target | null): boolean {
  if (target?.kind !== 'run' || target.release !== facts.release) return true;
  const fact = facts.hosts.get(target.host);
  if (fact === undefined || isUnreachable(fact, facts.now) || refusalOf(fact, target) !== null) return true;
  const attempt = fact.report?.attempt ?? null;
  if (attempt?.attempt !== target.attempt || attempt.deployment !== target.deployment) return false;
  return attempt.state === 'passed' || attempt.state === 'failed';
}

function isSameCount(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every(
    (service) => (a[service] ?? 0) === (b[service] ?? 0),
  );
}

function availability(facts: FleetFacts, host: HostId): HostAvailability | null {
  return facts.hosts.get(host)?.availability ?? null;
}

function nameOf(facts: FleetFacts, host: HostId): string {
  return facts.hosts.get(host)?.name ?? host;
}

function whyLeaving(availabilityNow: HostAvailability | null): string {
  return availabilityNow === 'draining' ? 'the host is draining' : 'the host is not selected any more';
}

function event(facts: FleetFacts, host: HostId, kind: string, text: string): NewEvent {
  const cause = { kind: 'coordinator', detail: 'the fleet changed' } as const;
  return { at: facts.now, kind, app: facts.app, host, deployment: facts.deployment, cause, text };
}
