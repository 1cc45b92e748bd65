/**
 * Targets outside of deployments: a host that joins (or was cordoned meanwhile) gets the app's last succeeded release,
 * a host that drains or is not selected any more gives its apps up, and replicas it leaves go to others. Pure and
 * level-triggered; with nothing to change it writes nothing.
 *
 * What a newer deployment left in place (cancelled, failed) is a person's choice and stays. A host gives up an app only
 * when those that take over have passed, so that draining makes no outage: one that has failed, refuses or is not there
 * is stuck, and the caller tries another.
 */
import type { HostAvailability } from '../../fleet/host.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import type { NewEvent, Placement, RunTarget, Target, TargetWrite } from '../store/records.ts';
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
  /** Services that run once on every selected host: each of those serves for itself. */
  readonly everywhere: ReadonlySet<string>;
  /** Hosts whose target no deployment gave: they joined or take over. */
  readonly placed: ReadonlySet<HostId>;
  /** Hosts that are told their target again, under a new attempt. */
  readonly renew: ReadonlySet<HostId>;
  readonly lastAttempts: Readonly<Record<HostId, number>>;
  readonly now: number;
}

export interface FleetChanges {
  readonly targets: readonly TargetWrite[];
  readonly events: readonly NewEvent[];
  /** A host waits to give its app up until others have passed: look again at their reports. */
  readonly waiting: boolean;
  /** While a host waits: those that should take over and cannot. */
  readonly stuck: readonly Stuck[];
  /** Wall clock, ms: from then on a silent host is not waited for any more; null = nobody silent is. */
  readonly wakeAt: number | null;
}

export interface Stuck {
  readonly host: HostId;
  readonly attempt: number;
  readonly reason: string;
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
  const standings = new Map(
    (Object.keys(facts.wanted) as HostId[]).map((host) => [host, standingOf(facts, byHost.get(host) ?? null)]),
  );
  const removed =
    given.length > 0
      ? []
      : leaving.filter((target) => target.kind === 'run' && mayLeave(facts, target, standings)).map(({ host }) => host);
  const waiting = leaving.length > removed.length;
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
    stuck: waiting ? [...standings.values()].flatMap((standing) => (standing.kind === 'stuck' ? [standing] : [])) : [],
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

type Standing = { readonly kind: 'fine' | 'awaited' } | ({ readonly kind: 'stuck' } & Stuck);

/** Whether the host serves what is wanted of it. What a deployment gave was that deployment's to judge. */
function standingOf(facts: FleetFacts, target: Target | null): Standing {
  if (target?.kind !== 'run' || target.release !== facts.release) return { kind: 'fine' };
  const { host, attempt } = target;
  const fact = facts.hosts.get(host);
  if (fact === undefined) return { kind: 'fine' };
  const report = fact.report;
  const told = report?.attempt ?? null;
  const isTold = told?.attempt === attempt && told.deployment === target.deployment;
  if (isTold && told.state === 'passed') return { kind: 'fine' };
  if (told === null && report?.converged === true && report.release === target.release) return { kind: 'fine' };
  const stuck = (reason: string): Standing =>
    facts.placed.has(host) ? { kind: 'stuck', host, attempt, reason } : { kind: 'fine' };
  const refusal = refusalOf(fact, target);
  if (refusal !== null) return stuck(refusal.problem.message);
  if (isTold && told.state === 'failed') return stuck(told.problem?.message ?? 'its attempt failed');
  return isUnreachable(fact, facts.now) ? stuck('it is not connected') : { kind: 'awaited' };
}

/** Of what the host runs, everything is served elsewhere; or there is no other place for it. */
function mayLeave(facts: FleetFacts, { host, replicas }: RunTarget, standings: ReadonlyMap<HostId, Standing>): boolean {
  return Object.entries(replicas).every(([service, count]) => {
    if (count === 0) return true;
    const holders = [...standings].filter(([other]) => (facts.wanted[other]?.[service] ?? 0) > 0);
    const kinds = holders.map(([, { kind }]) => kind);
    if (kinds.length === 0 || kinds.every((kind) => kind === 'fine')) return true;
    if (!facts.everywhere.has(service) || kinds.includes('awaited')) return false;
    // Each serves for itself, so one that fails takes over nothing of a drained host; an app that moves has to arrive.
    return kinds.includes('fine') || availability(facts, host) === 'draining';
  });
}

/** @param elsewhere where it is tried instead; empty = nowhere */
export function stuckEvent(facts: FleetFacts, { host, reason }: Stuck, elsewhere: readonly HostId[]): NewEvent {
  const next =
    elsewhere.length > 0
      ? `it goes to ${elsewhere.map((other) => nameOf(facts, other)).join(', ')} instead`
      : 'the host that should give it up keeps it until another can take it';
  const text = `${facts.app} release ${facts.release} was not taken over by ${nameOf(facts, host)}: ${reason}; ${next}`;
  return event(facts, host, 'app.not-taken-over', text);
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
