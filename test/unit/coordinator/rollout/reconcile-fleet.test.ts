import t from 'tap';
import type { HostAvailability } from '../../../../fleet/host.ts';
import type { AppReport } from '../../../../fleet/report.ts';
import { reconcileFleet } from '../../../../coordinator/rollout/reconcile-fleet.ts';
import type { FleetFacts } from '../../../../coordinator/rollout/reconcile-fleet.ts';
import type { HostFact } from '../../../../coordinator/rollout/host-fact.ts';
import type { Placement, RunTarget, Target } from '../../../../coordinator/store/records.ts';
import { anAppReport, anAttempt, appName, deploymentId, hostId } from '../../../support/app-builders.ts';
import { aRefusal } from '../../../support/live-host.ts';

const [a, b] = [hostId(1), hostId(2)];
const app = appName('web');

const fact = (
  host: typeof a,
  availability: HostAvailability = 'active',
  report: AppReport | null = null,
): HostFact => ({ host, name: host === a ? 'a' : 'b', availability, offlineSince: null, report, refusal: null });
const target = (host: typeof a, fields: Partial<RunTarget> = {}): RunTarget => ({
  kind: 'run',
  host,
  app,
  release: 2,
  deployment: deploymentId(2),
  attempt: 3,
  rollback: false,
  replicas: { web: 1 },
  ...fields,
});
const passed = anAppReport({ release: 2, converged: true, attempt: anAttempt({ attempt: 3, state: 'passed' }) });

function facts(
  wanted: Placement,
  targets: readonly Target[],
  hosts: readonly HostFact[],
  fields: Partial<FleetFacts> = {},
): FleetFacts {
  return {
    app,
    release: 2,
    deployment: deploymentId(2),
    newer: new Set(),
    renew: new Set(),
    wanted,
    targets,
    hosts: new Map(hosts.map((found) => [found.host, found])),
    lastAttempts: { [a]: 3, [b]: 3 },
    now: 1_000_000,
    ...fields,
  };
}
const on = (...hosts: readonly (typeof a)[]): Placement => Object.fromEntries(hosts.map((host) => [host, { web: 1 }]));

t.test('reconcileFleet: writes nothing where all is as it should be', (t) => {
  t.same(reconcileFleet(facts(on(a), [target(a)], [fact(a, 'active', passed)])), {
    targets: [],
    events: [],
    waiting: false,
    wakeAt: null,
  });
  t.end();
});

t.test('reconcileFleet: a host that did something alone is told its target again, under a new attempt', (t) => {
  const given = facts(on(a), [target(a)], [fact(a, 'active', passed)], { renew: new Set([a]) });
  t.match(reconcileFleet(given).targets, [{ kind: 'run', host: a, release: 2, attempt: 4 }]);
  t.end();
});

t.test('reconcileFleet: a host that joins gets the last succeeded release under a new attempt', (t) => {
  const { targets } = reconcileFleet(facts(on(a, b), [target(a)], [fact(a), fact(b)]));
  t.match(targets, [{ kind: 'run', host: b, release: 2, attempt: 4, rollback: false }]);
  t.end();
});

t.test('reconcileFleet: a cordoned host gets nothing, and catches up when it is active again', (t) => {
  const old = target(a, { release: 1, deployment: deploymentId(1) });
  t.same(reconcileFleet(facts(on(a), [old], [fact(a, 'paused')])).targets, []);
  t.match(reconcileFleet(facts(on(a), [old], [fact(a)])).targets, [{ host: a, release: 2 }]);
  t.end();
});

t.test('reconcileFleet: what a newer deployment left in place stays', (t) => {
  const left = target(a, { release: 3, deployment: deploymentId(3) });
  t.same(reconcileFleet(facts(on(a), [left], [fact(a)], { newer: new Set([deploymentId(3)]) })).targets, []);
  t.end();
});

t.test('reconcileFleet: a draining host gives its replicas up when the others have them', (t) => {
  const hosts = [fact(a, 'draining', passed), fact(b, 'active', passed)];
  const both = { [b]: { web: 2 } } as Placement;
  const first = reconcileFleet(facts(both, [target(a), target(b)], hosts));
  t.match(first.targets, [{ kind: 'run', host: b, replicas: { web: 2 }, attempt: 4 }]);
  t.ok(first.waiting);

  const moved = target(b, { replicas: { web: 2 }, attempt: 4 });
  const second = reconcileFleet(facts(both, [target(a), moved], hosts));
  t.same(second.targets, [], 'b has not answered for its new attempt');
  t.ok(second.waiting);

  const answered = anAppReport({ attempt: anAttempt({ attempt: 4, state: 'passed' }) });
  const third = reconcileFleet(facts(both, [target(a), moved], [hosts[0] ?? fact(a), fact(b, 'active', answered)]));
  t.same(third.targets, [{ kind: 'remove', host: a, app, volumes: false }]);
  t.notOk(third.waiting);
  t.end();
});

t.test('reconcileFleet: draining does not wait for hosts that are gone, nor for one that failed', (t) => {
  const gone: HostFact = { ...fact(b), offlineSince: 0 };
  t.match(reconcileFleet(facts(on(b), [target(a), target(b)], [fact(a, 'draining'), gone])).targets, [
    { kind: 'remove', host: a },
  ]);
  const failing = fact(b, 'active', anAppReport({ attempt: anAttempt({ attempt: 3, state: 'failed' }) }));
  t.match(reconcileFleet(facts(on(b), [target(a), target(b)], [fact(a, 'draining'), failing])).targets, [
    { kind: 'remove', host: a },
  ]);
  t.end();
});

t.test('reconcileFleet: a host that just fell silent is waited for until its grace ends', (t) => {
  const silent: HostFact = { ...fact(b), offlineSince: 990_000 };
  const given = facts(on(b), [target(a), target(b)], [fact(a), silent]);
  const early = reconcileFleet(given);
  t.same(early.targets, []);
  t.equal(early.wakeAt, 1_020_000);
  t.match(reconcileFleet({ ...given, now: 1_020_000 }).targets, [{ kind: 'remove', host: a }]);
  t.end();
});

t.test(
  'reconcileFleet: a host that is not selected any more gives the app up; a cordoned one when it is active again',
  (t) => {
    const selected = fact(b, 'active', passed);
    const changes = reconcileFleet(facts(on(b), [target(a), target(b)], [fact(a, 'active', passed), selected]));
    t.same(changes.targets, [{ kind: 'remove', host: a, app, volumes: false }]);
    t.match(changes.events, [{ kind: 'app.leaves-host', host: a, text: /not selected any more/ }]);
    t.same(reconcileFleet(facts(on(b), [target(a), target(b)], [fact(a, 'paused', passed), selected])).targets, []);
    t.end();
  },
);

t.test('reconcileFleet: the last host drains too', (t) => {
  t.match(reconcileFleet(facts({}, [target(a)], [fact(a, 'draining')])).targets, [{ kind: 'remove', host: a }]);
  t.end();
});

t.test('reconcileFleet: an app under removal is not started again on a host that is not wanted', (t) => {
  const remove: Target = { kind: 'remove', host: a, app, volumes: false };
  t.same(reconcileFleet(facts({}, [remove], [fact(a)])).targets, []);
  t.match(
    reconcileFleet(facts(on(a), [remove], [fact(a)])).targets,
    [{ kind: 'run', host: a }],
    'and comes back where it is wanted again',
  );
  t.end();
});

t.test('reconcileFleet: a host that refuses what it was to take over does not hold up the drain', (t) => {
  const leaving = target(a);
  const taking = target(b, { attempt: 4 });
  const asked = (attempt: number) => ({ web: { kind: 'run', deployment: deploymentId(2), attempt } as const });
  const refusing = (attempt: number): HostFact => ({
    ...fact(b),
    refusal: aRefusal({ asked: asked(attempt), isSentAgain: true }),
  });
  const look = (host: HostFact) =>
    reconcileFleet(facts(on(b), [leaving, taking], [fact(a, 'draining', passed), host], { lastAttempts: { [b]: 4 } }));

  t.equal(look(fact(b)).waiting, true);
  t.equal(look(refusing(3)).waiting, true, 'that was an older one');
  t.match(look(refusing(4)), { waiting: false, targets: [{ kind: 'remove', host: a }] });
  t.end();
});
