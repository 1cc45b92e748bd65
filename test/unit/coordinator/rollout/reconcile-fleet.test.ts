import t from 'tap';
import type { HostAvailability } from '../../../../fleet/host.ts';
import type { AppReport } from '../../../../fleet/report.ts';
import { reconcileFleet, stuckEvent } from '../../../../coordinator/rollout/reconcile-fleet.ts';
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
    everywhere: new Set(),
    placed: new Set([a, b]),
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
    stuck: [],
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

t.test('reconcileFleet: a host gives nothing up to one that failed, refuses or is not connected', (t) => {
  const gone: HostFact = { ...fact(b), offlineSince: 0 };
  const failing = fact(b, 'active', anAppReport({ attempt: anAttempt({ attempt: 3, state: 'failed' }) }));
  const asked = { web: { kind: 'run', deployment: deploymentId(2), attempt: 3 } as const };
  const refusing: HostFact = { ...fact(b), refusal: aRefusal({ asked, isSentAgain: true }) };
  for (const other of [gone, failing, refusing]) {
    const given = facts(on(b), [target(a), target(b)], [fact(a, 'draining'), other]);
    t.match(reconcileFleet(given), { targets: [], waiting: true, stuck: [{ host: b, attempt: 3 }] });
    const [stuck] = reconcileFleet(given).stuck;
    if (stuck === undefined) throw new Error('nobody is stuck');
    t.match(stuckEvent(given, stuck, []), { kind: 'app.not-taken-over', host: b, text: /keeps it until another/ });
    t.match(stuckEvent(given, stuck, [a]), { text: /goes to a instead/ });
    // What a deployment gave, and judged, holds nobody.
    t.match(reconcileFleet({ ...given, placed: new Set() }).targets, [{ kind: 'remove', host: a }]);
  }
  t.end();
});

t.test('reconcileFleet: where every host serves for itself, one that serves is enough', (t) => {
  const c = hostId(3);
  const failing = fact(b, 'active', anAppReport({ attempt: anAttempt({ attempt: 3, state: 'failed' }) }));
  const serving: HostFact = { ...fact(a, 'active', passed), host: c, name: 'c' };
  const everywhere = new Set(['web']);
  const targets = [target(a), target(b), target(c)];
  const both = facts(on(b, c), targets, [fact(a, 'draining'), failing, serving], { everywhere });
  t.match(reconcileFleet(both).targets, [{ kind: 'remove', host: a }]);
  const alone = (availability: HostAvailability) =>
    reconcileFleet(facts(on(b), [target(a), target(b)], [fact(a, availability), failing], { everywhere }));
  t.match(alone('draining').targets, [{ kind: 'remove', host: a }], 'nobody takes over from it');
  t.match(alone('active'), { targets: [], waiting: true, stuck: [{ host: b }] }, 'the app moves from a to b');
  t.end();
});

t.test('reconcileFleet: a host that just fell silent is awaited until its grace ends', (t) => {
  const silent: HostFact = { ...fact(b), offlineSince: 990_000 };
  const given = facts(on(b), [target(a), target(b)], [fact(a), silent]);
  const early = reconcileFleet(given);
  t.match(early, { targets: [], stuck: [], wakeAt: 1_020_000 });
  t.match(reconcileFleet({ ...given, now: 1_020_000 }), { targets: [], stuck: [{ host: b }], wakeAt: null });
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
