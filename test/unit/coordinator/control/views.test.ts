import t from 'tap';
import { appHealthView, appView } from '../../../../coordinator/control/views/app-view.ts';
import type { AppHost } from '../../../../coordinator/control/views/app-view.ts';
import { summaryOf } from '../../../../fleet/deployment-summary.ts';
import { deploymentView } from '../../../../coordinator/control/views/deployment-view.ts';
import { hostView } from '../../../../coordinator/control/views/host-view.ts';
import type { AdoptionRequest } from '../../../../coordinator/identity/adoption-requests.ts';
import { planWarnings } from '../../../../coordinator/control/plan-warnings.ts';
import type { LiveHost } from '../../../../coordinator/ports.ts';
import type { HostStep } from '../../../../fleet/deployment.ts';
import { problem } from '../../../../fleet/errors.ts';
import type { InstanceReport } from '../../../../fleet/report.ts';
import {
  aDeployment,
  aService,
  aStep,
  anAppReport,
  anAppSpec,
  anAttempt,
  hostId,
  specHash,
} from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';
import { aLiveHost, aRefusal } from '../../../support/live-host.ts';
import { aTarget, WEB } from '../../../support/store-scenes.ts';

const target = aTarget(hostId(1), 3);
const running = anAppReport({ release: 3, converged: true });
const instance = (state: InstanceReport['state']): InstanceReport => ({
  id: 'i-000000000001' as InstanceReport['id'],
  service: 'web',
  replica: 1,
  hash: specHash('a'),
  release: 3,
  state,
  routed: true,
  restarts: 0,
  startedAt: 0,
  detail: null,
});

t.test('host view: connected and converged are two facts', (t) => {
  t.match(hostView(aHostRow(), null, []), { connected: false, converged: true, waiting: null, lastSeenAt: 2 });
  t.match(hostView(aHostRow(), null, [target]), { connected: false, converged: false, waiting: /not said yet/ });
  t.match(hostView(aHostRow(), aLiveHost({ connected: false, lastSeenAt: 9, apps: { web: running } }), [target]), {
    connected: false,
    converged: true,
    lastSeenAt: 9,
  });
  const pulling = anAppReport({ release: 2, waiting: 'pulling web 3/7 layers' });
  t.match(hostView(aHostRow(), aLiveHost({ apps: { web: pulling } }), [target]), {
    connected: true,
    converged: false,
    waiting: 'web: pulling web 3/7 layers',
    apps: [{ app: 'web', target: 3, report: pulling }],
  });
  t.match(hostView(aHostRow(), aLiveHost({ apps: { web: running }, refusal: aRefusal() }), [target]), {
    converged: false,
    waiting: /cannot do ingress/,
  });
  t.notMatch(JSON.stringify(hostView(aHostRow(), null, [])), /publicKey|sealingKey/);
  t.end();
});

t.test('host view: a request for adoption is shown only while the host is away', (t) => {
  const adoption: AdoptionRequest = {
    host: hostId(1),
    fingerprint: 'SHA256:abc',
    machine: { id: hostId(1), name: 'west', publicKey: 'p', sealingKey: 's', labels: {}, platform: 'linux/amd64' },
    enrolling: { kind: 'token', tokenHash: 'x' },
    claim: null,
  };
  const isWaiting = { converged: false, waiting: /asks to be this host/ };
  t.match(hostView(aHostRow(), null, [], [adoption]), isWaiting);
  t.match(
    hostView(aHostRow(), aLiveHost({ connected: false, apps: { web: running } }), [target], [adoption]),
    isWaiting,
  );
  t.match(hostView(aHostRow(), aLiveHost({ apps: { web: running } }), [target], [adoption]), {
    converged: true,
    waiting: null,
  });
  t.end();
});

t.test('host view: an app that is to go is waited for until it is gone', (t) => {
  const remove = { kind: 'remove' as const, host: hostId(1), app: WEB, volumes: false };
  t.match(hostView(aHostRow(), aLiveHost({ apps: { web: running } }), [remove]), {
    converged: false,
    waiting: /being removed/,
    apps: [{ target: null }],
  });
  t.match(hostView(aHostRow(), aLiveHost({ apps: { web: anAppReport({ removed: true }) } }), [remove]), {
    converged: true,
  });
  t.match(hostView(aHostRow(), aLiveHost(), [remove]), { converged: true });
  t.end();
});

t.test('deployment view: says what a host does only while it works on this attempt', (t) => {
  const steps = [aStep({ state: 'moving', attempt: 4 })];
  const deployment = summaryOf(aDeployment({ steps }));
  const doing = (
    attempt: number,
    connected = true,
    state: 'moving' | 'passed' = 'moving',
  ): string | null | undefined => {
    const live = aLiveHost({
      connected,
      apps: { web: anAppReport({ attempt: anAttempt({ attempt, deployment: deployment.id }), waiting: 'probing' }) },
    });
    return deploymentView(deployment, [aStep({ state, attempt: 4 })], { [hostId(1)]: 'a' }, () => live).steps[0]?.doing;
  };
  t.equal(doing(4), 'probing');
  t.equal(doing(3), null);
  t.equal(doing(4, false), 'offline');
  t.equal(doing(4, true, 'passed'), null);
  t.match(deploymentView(deployment, steps, {}, () => null).steps, [{ name: hostId(1), doing: 'offline' }]);
  t.notOk('settledAt' in deploymentView(deployment, steps, {}, () => null));
  t.end();
});

t.test('deployment view: shows every reason why a host has not answered', (t) => {
  const deployment = summaryOf(aDeployment({ steps: [] }));
  const doing = (live: Partial<LiveHost>, step: Partial<HostStep> = {}): string | null | undefined =>
    deploymentView(deployment, [aStep({ state: 'moving', attempt: 4, ...step })], {}, () => aLiveHost(live)).steps[0]
      ?.doing;
  const problemOf = problem('NO_SPACE', 'keep assignment 2/7: no space left on device');
  const refusal = { problem: problemOf, order: { epoch: 2, generation: 7 }, isSentAgain: true, asked: {} };
  const text = 'its agent refused the newest assignment: keep assignment 2/7: no space left on device';
  t.equal(doing({ refusal }), text);
  const attemptOf = (attempt: number) => anAttempt({ attempt, deployment: deployment.id });
  const before = anAppReport({ attempt: attemptOf(3), waiting: 'probing' });
  t.equal(doing({ refusal, apps: { web: before } }), text, 'it still answers for the one before');
  const taken = anAppReport({ attempt: attemptOf(4), waiting: 'probing' });
  t.equal(doing({ refusal, apps: { web: taken } }), 'probing', 'it has this one, and refused a later assignment');
  t.equal(doing({ refusal: { ...refusal, isPartial: true } }), null, 'another app was left out');
  const failing = { part: 'metadata guard', failing: true, text: 'is not running' };
  t.equal(doing({ problems: [failing] }), 'metadata guard: is not running');
  t.equal(doing({ problems: [failing], apps: { web: taken } }), 'probing; metadata guard: is not running');
  t.equal(doing({ problems: [{ ...failing, failing: false }] }), null);
  const going = anAppReport({ attempt: null, waiting: 'stops web/1' });
  t.equal(doing({ apps: { web: going } }, { state: 'returning' }), 'stops web/1', 'an app that goes with its release');
  t.equal(
    doing(
      { apps: { web: taken }, refusal: { ...refusal, asked: { web: { kind: 'remove' } } } },
      { state: 'returning' },
    ),
    text,
  );
  t.end();
});

t.test('app health: what is wanted, and what serves of it', (t) => {
  const host = (number: number, instances: readonly InstanceReport[], connected = true): AppHost => ({
    row: aHostRow(number),
    target: aTarget(hostId(number), 3),
    live: aLiveHost({ connected, apps: { web: { ...running, instances } } }),
  });
  t.match(appHealthView(WEB, [host(1, [instance('healthy')]), host(2, [instance('healthy')])]), {
    healthy: true,
    services: [{ wanted: 2, healthy: 2, unhealthy: 0 }],
  });
  t.match(
    appHealthView(WEB, [host(1, [instance('healthy'), instance('draining')]), host(2, [instance('unhealthy')])]),
    { healthy: false, services: [{ wanted: 2, healthy: 1, unhealthy: 1 }] },
  );
  t.match(
    appHealthView(WEB, [host(1, [instance('healthy')], false)]),
    { healthy: false },
    'what nobody hears of is not known to serve',
  );
  t.match(appHealthView(WEB, []), { healthy: false, services: [] });
  const completed = { ...instance('stopped'), completed: true };
  t.match(appHealthView(WEB, [host(1, [completed])]), { healthy: true, services: [{ healthy: 1, unhealthy: 0 }] });
  t.match(appHealthView(WEB, [host(1, [instance('stopped')])]), { healthy: false }, 'stopped by hand');
  t.end();
});

t.test('app view: one URL per route and host that runs it', (t) => {
  const route = { path: '/', port: 80, weight: 1, stripPrefix: false };
  const spec = anAppSpec({
    services: {
      web: aService({
        ingress: [
          { ...route, host: '*', tls: 'off' },
          { ...route, host: 'shop.localhost', path: '/api', tls: 'internal' },
        ],
      }),
      db: aService(),
    },
    schedule: { cron: '@hourly', timeZone: 'UTC', splayMs: 0, window: null },
  });
  const on = (number: number, http: number | null, https: number | null, labels = {}): AppHost => ({
    row: aHostRow(number, { labels }),
    target: aTarget(hostId(number), 3),
    live: aLiveHost({ ingress: { http, https }, apps: { web: running } }),
  });
  const gone: AppHost = {
    row: aHostRow(4),
    target: { kind: 'remove', host: hostId(4), app: WEB, volumes: false },
    live: aLiveHost({ ingress: { http: 80, https: 443 } }),
  };
  const view = appView({
    app: WEB,
    succeeded: 3,
    hosts: [on(1, 8081, 8441), on(2, 80, 443, { address: '10.0.0.2' }), on(3, null, null), gone],
    spec,
    deployment: null,
    quarantine: [],
  });
  t.same(view.urls, [
    'http://10.0.0.2/',
    'http://host-1:8081/',
    'https://shop.localhost/api',
    'https://shop.localhost:8441/api',
  ]);
  t.match(view, { hosts: 3, converged: 3, schedule: '@hourly', release: 3 });
  t.end();
});

t.test("app view: which releases run, on how many hosts, and by name who is not on the app's", (t) => {
  const on = (
    number: number,
    release: number | null,
    target: AppHost['target'] = aTarget(hostId(number), 3),
  ): AppHost => ({
    row: aHostRow(number),
    target,
    live: release === null ? null : aLiveHost({ apps: { web: { ...running, release } } }),
  });
  const leaving = { kind: 'remove', host: hostId(5), app: WEB, volumes: false } as const;
  const facts = { app: WEB, succeeded: 3, spec: null, deployment: null, quarantine: [] };
  const hosts = [
    on(1, 3),
    on(2, 3),
    on(3, 4),
    on(4, null),
    on(5, 2, leaving),
    on(6, null, { ...leaving, host: hostId(6) }),
  ];
  t.same(appView({ ...facts, hosts }).running, [
    { release: 3, hosts: 2, names: [] },
    { release: 4, hosts: 1, names: ['host-3'] },
    { release: 2, hosts: 1, names: ['host-5'] },
    { release: null, hosts: 1, names: ['host-4'] },
  ]);
  const many = Array.from({ length: 30 }, (_, number) => on(number, 4));
  t.match(appView({ ...facts, hosts: many }).running, [{ release: 4, hosts: 30 }]);
  t.equal(appView({ ...facts, hosts: many }).running[0]?.names.length, 20);
  t.end();
});

t.test('plan warnings: what people should know before they say yes', (t) => {
  const mounts = [{ kind: 'volume' as const, volume: 'data', target: '/d', readOnly: false }];
  const spec = anAppSpec({
    services: {
      db: aService({ mounts, order: 'stop-first', privileged: true, metadata: 'allow', networkMode: 'host' }),
    },
  });
  const plan = (action: 'replace' | 'keep') => [
    { host: hostId(1), name: 'host-1', connected: true, changes: [{ service: 'db', replica: 1, action, because: [] }] },
  ];
  const live = [
    { row: aHostRow(1, { availability: 'paused' }), connected: false },
    { row: aHostRow(2), connected: false },
  ];
  const text = planWarnings(spec, plan('replace'), live, {}).join('\n');
  for (const words of [
    /stopped before its new instance starts \(it writes volume data\)/,
    /does not bring back old data/,
    /privileged/,
    /network of its hosts/,
    /metadata server/,
    /Not connected.*: host-1\./,
    /Cordoned.*: host-1\./,
  ])
    t.match(text, words);
  t.notMatch(planWarnings(spec, plan('keep'), live, {}).join('\n'), /stopped before|old data/);
  t.same(planWarnings(anAppSpec(), [], [], {}), []);
  t.end();
});

t.test('plan warnings: volumes that an image declares are named, and the order that follows', (t) => {
  const plan = (action: 'create' | 'replace' | 'keep') => [
    { host: hostId(1), name: 'host-1', connected: true, changes: [{ service: 'db', replica: 1, action, because: [] }] },
  ];
  const text = (service: ReturnType<typeof aService>, action: 'create' | 'replace' | 'keep', paths = ['/data']) =>
    planWarnings(anAppSpec({ services: { db: service } }), plan(action), [], { db: { volumes: paths } }).join('\n');
  t.match(text(aService(), 'create'), /image of db declares \/data .* kept as db:\/data/);
  t.notMatch(text(aService(), 'create'), /stopped before/);
  t.match(text(aService(), 'replace'), /db is stopped before .*\(it writes volume db:\/data\)/);
  t.match(text(aService(), 'replace'), /does not bring back old data/);
  t.equal(text(aService(), 'keep'), '');
  t.notMatch(text(aService({ orderStated: true }), 'replace'), /stopped before/);
  const mounts = [{ kind: 'tmpfs' as const, target: '/data/', sizeBytes: null, mode: null }];
  t.equal(text(aService({ mounts }), 'replace'), '', 'the file mounts something there');
  t.match(
    planWarnings(anAppSpec({ services: { db: aService() } }), plan('create'), [], { db: { volumes: null } }).join('\n'),
    /could not be read/,
  );
  t.end();
});
