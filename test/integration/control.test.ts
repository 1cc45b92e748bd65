// The use cases over a real store: what each writes, refuses and tells.
import t from 'tap';
import type { Test } from 'tap';
import type { DeployRequest } from '../../protocol/http-api/requests.ts';
import type { Deployment, DeploymentState } from '../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import type { AppSpec, VolumeSpec } from '../../fleet/app-spec.ts';
import type { DeploymentId, HostId } from '../../fleet/ids.ts';
import type { StreamSink } from '../../coordinator/commands.ts';
import type { Target } from '../../coordinator/store/records.ts';
import { stickyPlacement } from '../../coordinator/placement/place.ts';
import { AppMasks } from '../../coordinator/secrets/app-masks.ts';
import { problem } from '../../fleet/errors.ts';
import {
  appName,
  aService,
  anAppReport,
  anAppSpec,
  anAttempt,
  anInstanceReport,
  digest,
} from '../support/app-builders.ts';
import { aPolicy } from '../support/host-policy.ts';
import { aLiveHost, aRefusal } from '../support/live-host.ts';
import { ADA, AUDIENCE, controlWorld } from '../support/control-world.ts';
import type { ControlWorld } from '../support/control-world.ts';
import { fingerprintOf } from '../../coordinator/identity/adoption-requests.ts';
import { enrollRequestOf, fakeIdentity } from '../support/fake-identity.ts';
import { lease, WEB } from '../support/store-scenes.ts';

const refusal = (code: string, fields: object = {}): { readonly code: string } => ({ code, ...fields });
const PAGE = { limit: 100 };
const IMAGE = '127.0.0.1:5000/web:1';

/** As the client sends it: not pinned. */
const aSpec = (fields: Partial<AppSpec> = {}, environment: Record<string, string> = {}): AppSpec =>
  anAppSpec({
    services: {
      web: aService({ image: { reference: IMAGE, digest: null, pull: 'always', platform: null }, environment }),
    },
    ...fields,
  });

const asking = (fields: Partial<DeployRequest> = {}): DeployRequest => ({
  spec: aSpec(),
  images: {},
  planHash: null,
  rolling: 'wait',
  releaseQuarantine: false,
  force: false,
  note: null,
  ...fields,
});

const scene = (name: string, test: (t: Test, world: ControlWorld) => Promise<void>): void => {
  t.test(name, async (t) => {
    const world = await controlWorld();
    t.teardown(() => world.dispose());
    world.registry.set(IMAGE, digest('a'));
    await test(t, world);
  });
};

async function enroll(world: ControlWorld, name: string, labels: Record<string, string> = {}): Promise<HostId> {
  const { token } = await world.commands.makeEnrollToken({ kind: 'once', pool: null, labels, ttlMs: null }, ADA);
  const reply = await world.commands.enroll(enrollRequestOf(fakeIdentity(), { token, audience: AUDIENCE, name }));
  world.live.set(reply.host, aLiveHost());
  return reply.host;
}

/** Ends a deployment as its rollout would, on every host that it is placed on. */
async function finish(
  world: ControlWorld,
  deployment: Pick<Deployment, 'id'>,
  state: DeploymentState = 'succeeded',
): Promise<void> {
  const { store } = world;
  const fence = await lease(store, deployment.id);
  const rollout = await store.loadRollout({ id: deployment.id });
  const { steps: _steps, ...head } = rollout.deployment;
  const targets = Object.entries(rollout.placement).map(([host, replicas]): Target => ({
    kind: 'run',
    host: host as HostId,
    app: WEB,
    release: head.release,
    deployment: head.id,
    attempt: 1,
    rollback: false,
    replicas,
  }));
  await store.applyRollout({
    fence,
    expected: 'queued',
    deployment: { ...head, state: 'rolling' },
    steps: [],
    targets,
    quarantine: [],
    events: [],
  });
  await store.applyRollout({
    fence,
    expected: 'rolling',
    deployment: { ...head, state, endedAt: 2 },
    steps: [],
    targets: [],
    quarantine: [],
    events: [],
  });
  for (const host of Object.keys(rollout.placement)) {
    world.live.set(
      host as HostId,
      aLiveHost({ apps: { web: anAppReport({ release: head.release, converged: true }) } }),
    );
  }
}

async function deployed(world: ControlWorld, fields: Partial<DeployRequest> = {}): Promise<DeploymentSummary> {
  const { deployment } = await world.commands.deploy(asking(fields), ADA);
  if (deployment === null) throw new Error('nothing was deployed');
  await finish(world, deployment);
  const found = await world.store.deployment({ id: deployment.id });
  if (found === null) throw new Error('it is gone');
  return found;
}

scene(
  "adoption: a machine with a known host's containers waits for an operator, and is that host then",
  async (t, world) => {
    const host = await enroll(world, 'a', { zone: 'x' });
    const { token } = await world.commands.makeEnrollToken({ kind: 'once', pool: null, labels: {}, ttlMs: 1_000 }, ADA);
    const identity = fakeIdentity();
    const former = { host, adopt: false, apps: ['web'], containers: 2, volumes: 1, ingress: true };
    const request = { ...enrollRequestOf(identity, { token, audience: AUDIENCE, name: 'a' }), former };
    const adopt = (key: string | null = null) => world.commands.adoptHost('a', { key, note: 'disk made anew' }, ADA);

    await t.rejects(adopt(), { code: 'CONFLICT', message: /no machine asks/ });
    await t.rejects(world.commands.enroll(request), { code: 'FORMER_HOST', message: /key is [0-9a-f]{16}/ });
    const permitting = { ...request, former: { ...former, adopt: true } };
    await t.rejects(
      world.commands.enroll(permitting),
      refusal('FORMER_HOST'),
      'a token is not enough for a known host',
    );
    t.equal((await world.store.allHosts()).length, 1, 'no second host stands beside the first');

    world.live.delete(host);
    t.match((await world.commands.listHosts({ limit: 10 })).items, [
      { waiting: /longshore hosts adopt a --key [0-9a-f]{16}/ },
    ]);
    const { checks } = await world.commands.doctor();
    t.match(
      checks.find(({ name }) => name === 'adoptions'),
      { ok: false, text: /2 containers and 1 volume.*web.*to be a:/ },
    );
    const asked = await world.commands.listEvents({ limit: 10, order: 'newest', kind: 'host.adoption-asked' });
    t.equal(asked.items.length, 1, 'an agent asks again and again, people read of it once');

    const command = `longshore hosts adopt a --key ${fingerprintOf(identity.publicKey)}`;
    await t.rejects(
      adopt(),
      { code: 'CONFLICT', message: `key of the machine is missing; these ask: machine a` },
      'not even the only one: it may be another than the operator saw',
    );
    await t.rejects(adopt(), { message: command });
    await t.rejects(adopt('0'.repeat(16)), { code: 'CONFLICT', message: command });

    const otherMachine = { ...enrollRequestOf(fakeIdentity(), { token, audience: AUDIENCE, name: 'evil' }), former };
    await t.rejects(world.commands.enroll(otherMachine), refusal('FORMER_HOST'));
    await t.rejects(adopt(), {
      message: /these ask: machine a .*hosts adopt a --key.*; machine evil .*hosts adopt a --key/,
    });
    world.live.set(host, { ...aLiveHost(), connected: true });
    await t.rejects(adopt(fingerprintOf(identity.publicKey)), { code: 'CONFLICT', message: /is connected/ });
    world.live.delete(host);

    t.match(await adopt(fingerprintOf(identity.publicKey)), { id: host, name: 'a' });
    t.match(await world.commands.enroll(request), { host, name: 'a' }, 'its next try finds itself enrolled');
    await t.rejects(world.commands.enroll(otherMachine), refusal('TOKEN_USED'));
    t.equal((await world.store.host({ id: host }))?.publicKey, identity.publicKey);
  },
);

scene('adoption: of a host that this coordinator never had, by its id, or as the machine permits', async (t, world) => {
  const { token } = await world.commands.makeEnrollToken({ kind: 'pool', pool: 'edge', labels: {}, ttlMs: null }, ADA);
  const [asked, permitted] = [`h-${'1'.repeat(16)}` as HostId, `h-${'2'.repeat(16)}` as HostId];
  const former = { host: asked, adopt: false, apps: [], containers: 0, volumes: 1, ingress: false };
  const request = { ...enrollRequestOf(fakeIdentity(), { token, audience: AUDIENCE, name: 'a' }), former };

  await t.rejects(world.commands.enroll(request), refusal('FORMER_HOST'));
  const key = fingerprintOf(request.publicKey);
  await t.rejects(world.commands.adoptHost('a', { key: null, note: null }, ADA), {
    message: `longshore hosts adopt ${asked} --key ${key}`,
  });
  t.match(await world.commands.adoptHost(asked, { key, note: null }, ADA), { id: asked, pool: 'edge' });
  t.match(await world.commands.enroll(request), { host: asked });
  const other = enrollRequestOf(fakeIdentity(), { token, audience: AUDIENCE, name: 'b' });
  t.match(await world.commands.enroll({ ...other, former: { ...former, host: permitted, adopt: true } }), {
    host: permitted,
  });
});

scene('enrolment: a signed request with a token makes a host that people see', async (t, world) => {
  const host = await enroll(world, 'a', { zone: 'x' });
  t.match(await world.commands.getHost('a'), { id: host, labels: { zone: 'x' }, connected: true, converged: true });
  t.same(world.calls, ['fleetChanged']);
  t.match(world.changes, [{ kind: 'host', host: { name: 'a' } }]);

  const { token } = await world.commands.makeEnrollToken({ kind: 'once', pool: null, labels: {}, ttlMs: 1_000 }, ADA);
  const identity = fakeIdentity();
  const elsewhere = enrollRequestOf(identity, { token, audience: 'wss://other.test', name: 'b' });
  await t.rejects(world.commands.enroll(elsewhere), refusal('SIGNATURE_INVALID'), 'signed for another address');
  const stolen = {
    ...enrollRequestOf(identity, { token, audience: AUDIENCE, name: 'b' }),
    publicKey: fakeIdentity().publicKey,
  };
  await t.rejects(world.commands.enroll(stolen), refusal('SIGNATURE_INVALID'), 'signed by another key');
  world.now += 1_001;
  await t.rejects(
    world.commands.enroll(enrollRequestOf(identity, { token, audience: AUDIENCE, name: 'b' })),
    refusal('TOKEN_EXPIRED'),
  );
});

scene('plan: says per host what would happen, and changes nothing', async (t, world) => {
  const host = await enroll(world, 'a');
  const plan = await world.commands.plan({ spec: aSpec(), images: {} });

  t.match(plan, {
    app: 'web',
    base: null,
    changed: true,
    waves: [['a']],
    images: { web: { reference: IMAGE, digest: digest('a') } },
  });
  t.same(plan.hosts, [
    { host, name: 'a', connected: true, changes: [{ service: 'web', replica: 1, action: 'create', because: [] }] },
  ]);
  t.equal(await world.store.app({ app: WEB }), null);

  await deployed(world);
  const same = await world.commands.plan({ spec: aSpec(), images: {} });
  t.equal(same.changed, false);
  t.same(same.hosts[0]?.changes, [{ service: 'web', replica: 1, action: 'keep', because: [] }]);
  world.registry.set(IMAGE, digest('b'));
  const changed = await world.commands.plan({ spec: aSpec({}, { MODE: 'fast' }), images: {} });
  t.same(changed.hosts[0]?.changes, [
    { service: 'web', replica: 1, action: 'replace', because: ['environment.MODE', 'image'] },
  ]);
  t.not(changed.hash, same.hash);
  const asked = world.asked.length;
  await world.commands.plan({ spec: aSpec(), images: { web: digest('c') } });
  t.equal(world.asked.length, asked, 'a digest that was given is not asked for');
});

scene('plan: a host that the selector does not name any more loses the app, and the plan says so', async (t, world) => {
  const [a, b] = [await enroll(world, 'a'), await enroll(world, 'b')];
  await deployed(world);

  const plan = await world.commands.plan({
    spec: aSpec({ hosts: { labels: {}, pools: [], names: ['a'] } }),
    images: {},
  });
  t.same(
    plan.hosts.map(({ host, changes }) => [host, changes.map(({ action }) => action)]),
    [
      [a, ['keep']],
      [b, ['remove']],
    ],
  );
  t.equal(plan.changed, true);
  t.same(plan.waves, [['a']]);
});

scene('plan: refuses what has no host, no image or no secret', async (t, world) => {
  await t.rejects(world.commands.plan({ spec: aSpec(), images: {} }), refusal('NO_HOSTS'));
  await enroll(world, 'a');
  await t.rejects(
    world.commands.plan({ spec: aSpec({ secrets: { password: { name: 'db' } } }), images: {} }),
    refusal('SECRET_MISSING', { message: /db/ }),
  );
  world.registry.clear();
  await t.rejects(world.commands.plan({ spec: aSpec(), images: {} }), refusal('IMAGE_NOT_FOUND'));
});

scene('plan and deploy: refuse a route that another app has on the host', async (t, world) => {
  await enroll(world, 'a');
  const asApp = (app: string, shared: boolean): DeployRequest => {
    const route = { host: 'shop.test', path: '/', port: 80, tls: 'off', weight: 1, stripPrefix: false } as const;
    const image = { reference: IMAGE, digest: null, pull: 'always', platform: null } as const;
    const web = aService({ image, ingress: [{ ...route, ...(shared ? { shared } : {}) }] });
    return asking({ spec: aSpec({ name: appName(app), services: { web } }) });
  };
  await world.commands.deploy(asApp('shop', true), ADA);
  const taken = refusal('ROUTE_TAKEN', {
    problem: { details: [{ message: /app shop has shop\.test\/ too, on a;/ }] },
  });
  await t.rejects(world.commands.plan({ ...asApp('blog', false), images: {} }), taken);
  await t.rejects(world.commands.deploy(asApp('blog', false), ADA), taken);
  t.match(await world.commands.deploy(asApp('blog', true), ADA), { deployment: { state: 'queued' } });
});

scene('plan: refuses a host port that another app publishes or the ingress of the host has', async (t, world) => {
  const host = await enroll(world, 'a');
  const asApp = (app: string, host: number): DeployRequest => {
    const image = { reference: IMAGE, digest: null, pull: 'always', platform: null } as const;
    const web = aService({ image, ports: [{ container: 80, host, hostIp: null, protocol: 'tcp' }] });
    return asking({ spec: aSpec({ name: appName(app), services: { web } }) });
  };
  await deployed(world, asApp('web', 8080));
  await t.rejects(
    world.commands.plan({ ...asApp('blog', 8080), images: {} }),
    refusal('PORT_IN_USE', { message: /web \(web\) publishes port 8080\/tcp on a already/ }),
  );
  t.match(await world.commands.plan({ ...asApp('blog', 8081), images: {} }), { changed: true });
  t.match(await world.commands.plan({ ...asApp('web', 8080), images: {} }), { changed: false }, 'its own');

  world.live.set(host, aLiveHost({ ingress: { http: 80, https: 443 } }));
  await t.rejects(
    world.commands.plan({ ...asApp('blog', 80), images: {} }),
    refusal('PORT_IN_USE', { message: /the ingress of a listens on port 80\/tcp, which web publishes/ }),
  );
  await t.rejects(world.commands.deploy(asApp('blog', 443), ADA), refusal('PORT_IN_USE'));
});

scene('exec: says that a one-shot has completed', async (t, world) => {
  const host = await enroll(world, 'a');
  await deployed(world);
  const instance = anInstanceReport({ service: 'web', state: 'stopped', completed: true });
  world.live.set(host, aLiveHost({ apps: { web: anAppReport({ instances: [instance] }) } }));
  const request = { app: WEB, service: 'web', host: null, command: ['ls'], tty: false, size: null };
  const sink = { chunk: () => Promise.resolve() } as unknown as StreamSink;
  await t.rejects(
    world.commands.exec(request, ADA, sink, new AbortController().signal),
    refusal('NOT_FOUND', { message: /run a command in web of web: .* has completed/ }),
  );
});

scene('plan and deploy: refuse an image that has no variant for a host', async (t, world) => {
  await enroll(world, 'a');
  world.facts.set(IMAGE, { volumes: [], platforms: ['linux/arm64/v8'] });
  const foreign = refusal('IMAGE_PLATFORM', {
    message: /web:1 has no image for linux\/amd64, which web needs on a; it has linux\/arm64\/v8/,
  });
  await t.rejects(world.commands.plan({ spec: aSpec(), images: {} }), foreign);
  await t.rejects(world.commands.deploy(asking(), ADA), foreign);
  world.facts.set(IMAGE, { volumes: [], platforms: ['linux/amd64', 'linux/arm64/v8'] });
  await deployed(world);
  world.facts.set(IMAGE, { volumes: [], platforms: ['linux/arm64'] });
  t.match(await world.commands.plan({ spec: aSpec(), images: {} }), { changed: false }, 'what runs is no question');
  world.facts.clear();
  t.match(await world.commands.plan({ spec: aSpec({}, { A: '1' }), images: {} }), { changed: true }, 'not known');
});

scene('plan and deploy: refuse what the policy of a connected host does not allow', async (t, world) => {
  const host = await enroll(world, 'a');
  const web = aService({
    image: { reference: IMAGE, digest: null, pull: 'always', platform: null },
    privileged: true,
  });
  const asked = asking({ spec: aSpec({ services: { web } }) });
  world.live.set(host, aLiveHost({ policy: aPolicy() }));
  const refused = refusal('POLICY_REFUSED', { message: /the policy of a does not allow web: privileged/ });
  await t.rejects(world.commands.plan(asked), refused);
  await t.rejects(world.commands.deploy(asked, ADA), refused);
  world.live.set(host, aLiveHost({ policy: aPolicy(), connected: false }));
  t.match(await world.commands.plan(asked), { changed: true }, 'a host that is away');
  world.live.set(host, aLiveHost({ policy: null }));
  t.match(await world.commands.plan(asked), { changed: true }, 'an agent that does not say');
});

scene('deploy: makes one release, tells the rollouts, and does nothing twice', async (t, world) => {
  const host = await enroll(world, 'a');
  world.calls.length = 0;
  const first = await deployed(world, { rolling: 'abort', note: 'first' });

  t.match(first, { release: 1, state: 'succeeded', cause: { kind: 'person', token: 'ada', note: 'first' } });
  t.same(world.calls, ['enqueued web']);
  t.equal((await world.store.deployment({ id: first.id }))?.aborts, true);
  const again = await world.commands.deploy(asking(), ADA);
  t.equal(again.deployment, null, 'the same content that stands everywhere');
  const forced = await world.commands.deploy(asking({ force: true }), ADA);
  t.match(forced.deployment, { release: 2, state: 'queued', base: 1 });
  const newer = await world.commands.deploy(asking({ spec: aSpec({}, { MODE: 'b' }) }), ADA);
  t.match(newer.deployment, { release: 3 });
  t.match(await world.commands.getDeployment(forced.deployment?.id ?? first.id), { state: 'superseded' });
  t.match((await world.commands.listDeployments({ ...PAGE, app: WEB })).items, [
    { release: 3 },
    { release: 2 },
    { release: 1 },
  ]);

  if (newer.deployment === null) throw new Error('nothing was deployed');
  await finish(world, newer.deployment);
  world.live.set(host, aLiveHost({ apps: { web: anAppReport({ release: 3, converged: false }) } }));
  t.not(
    (await world.commands.deploy(asking({ spec: aSpec({}, { MODE: 'b' }) }), ADA)).deployment,
    null,
    'a host that is not well gets another try',
  );
  const kinds = (await world.commands.listEvents({ ...PAGE, app: WEB, order: 'oldest' })).items.map(
    (event) => event.kind,
  );
  t.same(kinds.slice(0, 2), ['release.made', 'deployment.queued']);
  t.match(world.changes.filter((change) => change.kind === 'deployment').length, 5, 'four made, one superseded');
});

scene('deploy: a saved plan is done as saved, or refused with what differs', async (t, world) => {
  await enroll(world, 'a');
  const saved = await world.commands.plan({ spec: aSpec(), images: {} });
  const images = { web: digest('a') };
  world.registry.set(IMAGE, digest('f'));
  const { deployment } = await world.commands.deploy(asking({ planHash: saved.hash, images }), ADA);
  if (deployment === null) throw new Error('nothing was deployed');
  t.same(
    (await world.store.release({ app: WEB, number: 1 }))?.spec.services.web?.image.digest,
    digest('a'),
    'its digests, not those of today',
  );

  await finish(world, deployment);
  const stale = world.commands.deploy(asking({ planHash: saved.hash, images }), ADA);
  await t.rejects(stale, refusal('PLAN_STALE'), 'the base has moved');
  const next = await world.commands.plan({ spec: aSpec({}, { A: 'b' }), images });
  await enroll(world, 'b');
  const moved = world.commands.deploy(asking({ spec: aSpec({}, { A: 'b' }), planHash: next.hash, images }), ADA);
  await t.rejects(
    moved,
    refusal('PLAN_STALE', {
      problem: {
        details: [
          { path: 'a: web 1', message: 'replace because of environment.A' },
          { path: 'b: web 1', message: 'create' },
        ],
      },
    }),
  );
});

scene('deploy: people at the same moment get a release each, in order', async (t, world) => {
  await enroll(world, 'a');
  const asked = ['1', '2', '3'].map((MODE) => world.commands.deploy(asking({ spec: aSpec({}, { MODE }) }), ADA));
  const made = await Promise.all(asked);
  t.same(made.map(({ deployment }) => deployment?.release).sort(), [1, 2, 3]);
  t.equal(
    (await world.store.unendedDeployments({ app: null })).length,
    1,
    'the newest waits, the others are superseded',
  );
});

scene('deploy, rollback: what was made under an id is the answer to the same again', async (t, world) => {
  await enroll(world, 'a');
  const id = 'd-00000000000000aa' as DeploymentId;
  const asked = await Promise.all([1, 2, 3].map(() => world.commands.deploy(asking(), ADA, id)));
  t.same(
    asked.map(({ deployment }) => deployment?.id),
    [id, id, id],
  );
  t.equal((await world.store.app({ app: WEB }))?.newest, 1, 'one release');
  await finish(world, { id });
  const back = 'd-00000000000000bb' as DeploymentId;
  const request = { release: 1, note: null };
  t.equal((await world.commands.rollback(WEB, request, ADA, back)).id, back);
  t.equal((await world.commands.rollback(WEB, request, ADA, back)).id, back);
  t.equal((await world.store.listDeployments({ limit: 100, after: null, app: WEB })).items.length, 2);
});

scene('quarantine: a digest that failed is refused until a person lets it go', async (t, world) => {
  await enroll(world, 'a');
  const first = await deployed(world);
  const fence = await lease(
    world.store,
    (await world.commands.deploy(asking({ force: true }), ADA)).deployment?.id ?? first.id,
  );
  const bad = {
    kind: 'failed' as const,
    app: WEB,
    service: 'web',
    digest: digest('b'),
    reason: 'never healthy',
    since: 3,
    deployment: first.id,
  };
  const rollout = await world.store.unendedDeployments({ app: null });
  const [queued] = rollout;
  if (queued === undefined) throw new Error('nothing is queued');
  const { counts: _counts, ...head } = queued;
  await world.store.applyRollout({
    fence,
    expected: 'queued',
    deployment: { ...head, state: 'failed', endedAt: 9 },
    steps: [],
    targets: [],
    quarantine: [bad],
    events: [],
  });
  world.registry.set(IMAGE, digest('b'));

  await t.rejects(world.commands.deploy(asking(), ADA), refusal('IMAGE_QUARANTINED', { message: /never healthy/ }));
  t.match((await world.commands.getApp(WEB)).quarantined, [{ service: 'web', digest: digest('b') }]);
  const checked = await world.checks.check(WEB, { kind: 'schedule', detail: '@hourly' });
  t.equal(checked.deployment, null);
  t.match(checked.text, /failed its gate before/);
  const allowed = await world.commands.deploy(asking({ releaseQuarantine: true }), ADA);
  t.match(allowed.deployment, { state: 'queued' });
  t.same((await world.commands.getApp(WEB)).quarantined, []);
});

scene(
  'volumes: a change that an existing volume cannot follow is refused, unless it is made anew',
  async (t, world) => {
    await enroll(world, 'a');
    const data = { external: false, name: null, driver: null, driverOpts: {}, labels: {} };
    const withData = (volume: Partial<VolumeSpec>, fields: Partial<AppSpec> = {}) =>
      asking({ spec: aSpec({ volumes: { data: { ...data, ...volume } }, ...fields }) });
    const first = await world.commands.deploy(withData({}), ADA);
    await finish(world, first.deployment ?? { id: 'd-none' as Deployment['id'] });

    await t.rejects(
      world.commands.deploy(withData({ driver: 'nfs' }), ADA),
      refusal('VOLUME_CHANGED', { message: /volumes\.data\.driver/ }),
    );
    const renamed = await world.commands.plan({ ...withData({ driver: 'nfs', name: 'other' }) });
    t.match(renamed.warnings, [/data does not move/]);
    const anew = await world.commands.deploy(withData({ driver: 'nfs' }, { recreateVolumes: ['data'] }), ADA);
    await finish(world, anew.deployment ?? { id: 'd-none' as Deployment['id'] });

    world.registry.set(IMAGE, digest('b'));
    await world.checks.check(WEB, { kind: 'schedule', detail: '@hourly' });
    const [kept, pulled] = await Promise.all([2, 3].map((number) => world.store.release({ app: WEB, number })));
    t.same(kept?.spec.recreateVolumes, ['data']);
    t.ok(pulled);
    t.equal(pulled?.spec.recreateVolumes, undefined, 'nobody asked for it with this one');
  },
);

scene('rollback: a release that succeeded is not refused for what another one did with its image', async (t, world) => {
  await enroll(world, 'a');
  const first = await deployed(world);
  const second = await world.commands.deploy(asking({ spec: aSpec({}, { MODE: 'broken' }) }), ADA);
  const fence = await lease(world.store, second.deployment?.id ?? first.id);
  const [queued] = await world.store.unendedDeployments({ app: null });
  if (queued === undefined) throw new Error('nothing is queued');
  const { counts: _counts, ...head } = queued;
  const digestOfBoth = (await world.store.release({ app: WEB, number: 1 }))?.spec.services.web?.image.digest;
  if (digestOfBoth === undefined || digestOfBoth === null) throw new Error('release 1 has no digest');
  const bad = {
    kind: 'failed' as const,
    app: WEB,
    service: 'web',
    digest: digestOfBoth,
    reason: 'never healthy',
    since: 3,
    deployment: head.id,
  };
  await world.store.applyRollout({
    fence,
    expected: 'queued',
    deployment: { ...head, state: 'failed', endedAt: 9 },
    steps: [],
    targets: [],
    quarantine: [bad],
    events: [],
  });

  await t.rejects(
    world.commands.rollback(WEB, { release: 2, note: null }, ADA),
    refusal('IMAGE_QUARANTINED', { message: /never healthy/ }),
  );
  t.match(await world.commands.rollback(WEB, { release: 1, note: null }, ADA), { kind: 'rollback', release: 1 });
});

scene('rollback: no schedule undoes it before a newer image appears or a person deploys', async (t, world) => {
  await enroll(world, 'a');
  await deployed(world);
  world.registry.set(IMAGE, digest('b'));
  await deployed(world);
  await finish(world, await world.commands.rollback(WEB, { release: 1, note: null }, ADA));
  const hourly = { kind: 'schedule', detail: '@hourly' } as const;

  t.match(await world.checks.check(WEB, hourly), { deployment: null, text: /is held \(.* back to release 1\)/ });
  t.match((await world.commands.getApp(WEB)).quarantined, [{ kind: 'held', digest: digest('b') }]);
  const plan = await world.commands.plan(asking());
  t.match(plan.warnings.join(), /is held .*; deploying it ends the hold/);

  world.registry.set(IMAGE, digest('c'));
  const newer = await world.checks.check(WEB, hourly);
  t.not(newer.deployment, null, 'a newer image is no longer what was rolled back');
  if (newer.deployment !== null) await finish(world, { id: newer.deployment });
  t.same((await world.commands.getApp(WEB)).quarantined, []);

  await finish(world, await world.commands.rollback(WEB, { release: 1, note: null }, ADA));
  await deployed(world);
  t.same((await world.commands.getApp(WEB)).quarantined, [], 'deployed again by a person');
  const told = (await world.commands.listEvents({ ...PAGE, order: 'oldest' })).items.filter(({ kind }) =>
    kind.startsWith('updates.'),
  );
  t.match(
    told.map(({ kind, text }) => `${kind} ${text}`),
    [
      /^updates.held .* held for web: ada rolled web back to release 1/,
      /^updates.resumed .*newer image has succeeded/,
      /^updates.held /,
      /^updates.resumed .*ada deploys release \d/,
    ],
  );
});

scene('pull: a newer image becomes one release with its cause, and nothing else changes', async (t, world) => {
  await enroll(world, 'a');
  await t.rejects(world.commands.pullApp(WEB, null, ADA), refusal('NOT_FOUND'));
  await deployed(world, { spec: aSpec({}, { MODE: 'a' }) });
  t.match(await world.commands.pullApp(WEB, null, ADA), { deployment: null, text: /newest/ });
  world.registry.set(IMAGE, digest('b'));
  const cause = { kind: 'schedule' as const, detail: '@hourly of host a' };
  const answers = await Promise.all([world.checks.check(WEB, cause), world.checks.check(WEB, cause)]);
  t.equal(answers.filter((answer) => answer.deployment !== null).length, 1, 'two ticks, one release');
  const release = await world.store.release({ app: WEB, number: 2 });
  t.same(release?.cause, cause);
  t.same(release?.spec, aSpecPinned('b', { MODE: 'a' }));
});

const aSpecPinned = (letter: string, environment: Record<string, string>): AppSpec => {
  const spec = aSpec({}, environment);
  const web = spec.services.web;
  if (web === undefined) throw new Error('no service');
  return { ...spec, services: { web: { ...web, image: { ...web.image, digest: digest(letter) } } } };
};

scene('rollback: to the succeeded release before, to one by number, and out of one under way', async (t, world) => {
  await enroll(world, 'a');
  await deployed(world);
  await t.rejects(world.commands.rollback(WEB, { release: null, note: null }, ADA), refusal('CONFLICT'));
  await deployed(world, { spec: aSpec({}, { MODE: '2' }) });
  await deployed(world, { spec: aSpec({}, { MODE: '3' }) });

  const back = await world.commands.rollback(WEB, { release: null, note: 'oh' }, ADA);
  t.match(back, { kind: 'rollback', release: 2, base: 3 });
  t.equal(world.calls.at(-1), 'enqueued web');
  t.equal((await world.store.deployment({ id: back.id }))?.aborts, true);
  await finish(world, back);
  const named = await world.commands.rollback(WEB, { release: 1, note: null }, ADA);
  t.match(named, { kind: 'rollback', release: 1 });
  await finish(world, named);
  t.match((await world.commands.listReleases(WEB, PAGE)).items, [
    { number: 3, current: false },
    { number: 2, current: false },
    { number: 1, current: true },
  ]);

  await world.commands.deploy(asking({ spec: aSpec({}, { MODE: '4' }) }), ADA);
  t.match(
    await world.commands.rollback(WEB, { release: null, note: null }, ADA),
    { release: 1 },
    'what was good before the one under way',
  );
  await t.rejects(world.commands.rollback(WEB, { release: 77, note: null }, ADA), refusal('NOT_FOUND'));
});

scene('restart: a deployment of the release that stands, which replaces instances', async (t, world) => {
  const host = await enroll(world, 'a');
  const restart = (services: string[] = []) => world.commands.restartApp(WEB, { services, note: null }, ADA);
  await t.rejects(restart(), refusal('NOT_FOUND'), 'no such app');
  const migrate = aService({
    image: { reference: IMAGE, digest: null, pull: 'always', platform: null },
    run: 'always',
  });
  const spec = aSpec({ services: { ...aSpec().services, migrate } });
  const first = await world.commands.deploy(asking({ spec }), ADA);
  await t.rejects(restart(), refusal('CONFLICT', { message: /restart web: deployment d-.* is queued/ }));
  if (first.deployment !== null) await finish(world, first.deployment, 'failed');
  await t.rejects(restart(), refusal('CONFLICT', { message: /no release of it has succeeded/ }));
  await deployed(world, { spec, force: true });

  await t.rejects(restart(['wbe']), refusal('NOT_FOUND', { message: /no service wbe/ }));
  await t.rejects(restart(['migrate']), refusal('CONFLICT', { message: /migrate runs to its end/ }));
  world.live.set(host, aLiveHost({ capabilities: ['swap'] }));
  await t.rejects(restart(), refusal('CAPABILITY_MISSING', { message: /the agent of a cannot restart/ }));
  world.live.set(host, aLiveHost({ connected: false, capabilities: [] }));

  const made = await restart();
  t.match(made, { kind: 'deploy', release: 2, base: 2, restarts: ['web'], state: 'queued' });
  t.match((await world.commands.listReleases(WEB, PAGE)).items, [{ number: 2 }, { number: 1 }], 'no release is made');
  await t.rejects(restart(), refusal('CONFLICT', { message: /is queued/ }), 'a second one');
  await finish(world, made);
  t.match(await world.commands.getApp(WEB), { release: 2, deployment: { id: made.id } });

  const next = await world.commands.deploy(asking({ spec: aSpec({}, { MODE: '2' }) }), ADA);
  if (next.deployment !== null) await finish(world, next.deployment, 'cancelled');
  await t.rejects(restart(), refusal('CONFLICT', { message: /some hosts run release 3/ }));
});

scene('scale: a release with other replicas, which the next deployment of the file names', async (t, world) => {
  await enroll(world, 'a');
  await enroll(world, 'b');
  const scale = (replicas: Record<string, number>) => world.commands.scaleApp(WEB, { replicas, note: null }, ADA);
  await t.rejects(scale({ web: 2 }), refusal('NOT_FOUND'), 'no such app');
  await deployed(world);
  await t.rejects(scale({ wbe: 2 }), refusal('NOT_FOUND', { message: /no service wbe/ }));

  await t.rejects(scale({ web: 0 }), refusal('UNPLACEABLE', { message: /nothing of it would be left/ }));

  world.registry.set(IMAGE, digest('b'));
  const { deployment, text } = await scale({ web: 5 });
  t.match(deployment, { kind: 'deploy', release: 2, base: 1 });
  t.match(text, 'release 2 of web: web=5, until the app file is deployed again');
  await t.rejects(scale({ web: 6 }), refusal('CONFLICT', { message: /is queued/ }));
  if (deployment === null) throw new Error('no deployment');
  await finish(world, deployment);
  const targets = await world.store.targetsOfApp({ app: WEB });
  const counts = targets.map((target) => (target.kind === 'run' ? target.replicas.web : null));
  t.same(counts.sort(), [2, 3], 'more than there are hosts');
  t.match(
    (await world.store.release({ app: WEB, number: 2 }))?.spec.services.web?.image.digest,
    digest('a'),
    'no newer image',
  );
  t.same(await scale({ web: 5 }), { deployment: null, text: 'web is scaled so already' });

  world.registry.set(IMAGE, digest('a'));
  const plan = await world.commands.plan(asking());
  t.match(plan.warnings, [/Replicas of web: 5 in release 2, one on every host with this file/]);
  t.equal(plan.changed, true);
  t.match(await world.commands.rollback(WEB, { release: null, note: null }, ADA), { release: 1 }, 'it can go back');
});

scene('hosts: cordon, drain and labels move the fleet, and are written down by person', async (t, world) => {
  const host = await enroll(world, 'a');
  await enroll(world, 'b');
  await deployed(world);
  world.calls.length = 0;
  t.match(await world.commands.patchHost('a', { availability: 'paused', note: 'disk' }, ADA), {
    availability: 'paused',
  });
  const plan = await world.commands.plan({ spec: aSpec({}, { A: 'b' }), images: {} });
  t.same(plan.hosts.find((one) => one.name === 'a')?.changes, [
    { service: 'web', replica: 1, action: 'keep', because: [] },
  ]);
  t.match(plan.warnings.join(' '), /Cordoned, keeps what it has: a/);
  await world.commands.patchHost('a', { availability: 'draining', labels: { zone: 'b' }, name: 'c', note: null }, ADA);
  t.same(world.calls, ['fleetChanged', 'fleetChanged']);
  const drained = await world.commands.plan({ spec: aSpec({}, { A: 'b' }), images: {} });
  t.match(drained.hosts.find((one) => one.name === 'c')?.changes, [{ action: 'remove' }]);

  const events = (await world.commands.listEvents({ ...PAGE, host: 'c', order: 'oldest' })).items;
  t.same(
    events.map((event) => event.kind),
    ['host.enrolled', 'host.paused', 'host.renamed', 'host.draining', 'host.labelled'],
  );
  t.same(events[1]?.cause, { kind: 'person', token: 'ada', note: 'disk' });

  await world.commands.removeHost('c', ADA);
  t.ok(world.calls.includes(`hostRemoved ${host}`));
  await t.rejects(world.commands.getHost('c'), refusal('NOT_FOUND'));
  t.same(
    (await world.commands.listHosts({ ...PAGE, app: WEB })).items.map((one) => one.name),
    ['b'],
  );
});

scene('apps: view, health and removal', async (t, world) => {
  const host = await enroll(world, 'a');
  const route = { host: '*', path: '/', port: 80, tls: 'off' as const, weight: 1, stripPrefix: false };
  const web = aService({ image: { reference: IMAGE, digest: null, pull: 'always', platform: null }, ingress: [route] });
  await deployed(world, { spec: aSpec({ services: { web } }) });
  const instance = {
    id: 'i-000000000001' as never,
    service: 'web',
    replica: 1,
    hash: 'h1:x' as never,
    release: 1,
    state: 'healthy' as const,
    routed: true,
    restarts: 0,
    startedAt: 0,
    detail: null,
  };
  world.live.set(
    host,
    aLiveHost({
      ingress: { http: 8081, https: null },
      apps: { web: anAppReport({ release: 1, converged: true, instances: [instance] }) },
    }),
  );

  t.match(await world.commands.getApp(WEB), {
    release: 1,
    hosts: 1,
    converged: 1,
    healthy: true,
    urls: ['http://a:8081/'],
    deployment: { state: 'succeeded' },
  });
  t.match(await world.commands.appHealth(WEB), {
    healthy: true,
    services: [{ service: 'web', wanted: 1, healthy: 1, unhealthy: 0 }],
    hosts: [{ host: 'a', converged: true, release: 1 }],
  });
  t.same(
    (await world.commands.listApps({ limit: 10 })).items,
    [await world.commands.getApp(WEB)],
    'a list says the same of an app as the app itself',
  );
  world.live.set(host, aLiveHost({ connected: false }));
  t.match(await world.commands.appHealth(WEB), { healthy: false });

  world.calls.length = 0;
  await world.commands.removeApp(WEB, { volumes: true, secrets: false }, ADA);
  t.same(world.calls, ['appRemoved web', `assignmentsChanged ${host}`]);
  t.same(await world.store.targetsOfApp({ app: WEB }), [{ kind: 'remove', host, app: WEB, volumes: true }]);
  await t.rejects(world.commands.getApp(WEB), refusal('NOT_FOUND'));
  t.same((await world.commands.listApps(PAGE)).items, []);
});

scene('secrets: a new version makes a change, an old release keeps its own, values stay inside', async (t, world) => {
  await enroll(world, 'a');
  await world.commands.setSecret(WEB, 'db', 'hunter22', ADA);
  const use = {
    secret: 'password',
    as: 'file' as const,
    target: '/run/secrets/password',
    uid: null,
    gid: null,
    mode: null,
  };
  const web = aService({ image: { reference: IMAGE, digest: null, pull: 'always', platform: null }, secrets: [use] });
  const spec = aSpec({ services: { web }, secrets: { password: { name: 'db' } } });
  await deployed(world, { spec });
  t.match(await world.commands.setSecret(WEB, 'db', 'hunter23', ADA), { name: 'db', version: 2 });
  const plan = await world.commands.plan({ spec, images: {} });
  t.same(plan.secretVersions, { password: 2 });
  t.same(plan.hosts[0]?.changes, [{ service: 'web', replica: 1, action: 'replace', because: ['secrets.password'] }]);

  await t.rejects(world.commands.removeSecret(WEB, 'db', ADA), refusal('CONFLICT'));
  await t.rejects(world.commands.setSecret(WEB, '../x', 'y', ADA), refusal('INPUT_INVALID'));
  await world.commands.setRegistry('r.test:5000', { username: 'u', password: 'swordfish' }, ADA);
  const shown = JSON.stringify([
    await world.commands.listSecrets(WEB, PAGE),
    await world.commands.listRegistries(PAGE),
    await world.commands.listEvents({ ...PAGE, order: 'oldest' }),
  ]);
  t.notMatch(shown, /hunter2|swordfish/);
  t.match(world.calls.at(-1), /^secretsChanged h-/);
  await world.commands.removeRegistry('r.test:5000', ADA);
  t.same((await world.commands.listRegistries(PAGE)).items, []);

  await deployed(world, { spec: aSpec() });
  await world.commands.removeSecret(WEB, 'db', ADA);
  await world.commands.setSecret(WEB, 'db', 'hunter24', ADA);
  const calls = world.calls.length;
  await t.rejects(
    world.commands.rollback(WEB, { release: 1, note: null }, ADA),
    refusal('SECRET_MISSING', { message: /release 1: its secret db \(version \d\) was removed/ }),
  );
  t.equal(world.calls.length, calls, 'nothing was made, and nobody was told');
});

scene(
  'a filter by something that never was is an error, and an empty answer is one about what is there',
  async (t, world) => {
    const nosuch = appName('nosuch');
    await enroll(world, 'a');
    await deployed(world);
    t.same((await world.commands.listSecrets(WEB, PAGE)).items, []);
    t.same(
      (await world.commands.listEvents({ ...PAGE, app: WEB, kind: 'nothing.like-it', order: 'newest' })).items,
      [],
    );

    await t.rejects(world.commands.listSecrets(nosuch, PAGE), refusal('NOT_FOUND'));
    await t.rejects(world.commands.listDeployments({ ...PAGE, app: nosuch }), refusal('NOT_FOUND'));
    await t.rejects(world.commands.listEvents({ ...PAGE, app: nosuch, order: 'newest' }), refusal('NOT_FOUND'));
    await t.rejects(world.commands.listEvents({ ...PAGE, host: 'nosuch', order: 'newest' }), refusal('NOT_FOUND'));
    await world.commands.setSecret(nosuch, 'db', 'x', ADA);
    t.match(
      (await world.commands.listSecrets(nosuch, PAGE)).items,
      [{ name: 'db' }],
      'set before the first deployment',
    );
    t.equal((await world.commands.listEvents({ ...PAGE, app: nosuch, order: 'newest' })).items.length, 1);
  },
);

scene('tokens: made once, used by hash, revoked, expired', async (t, world) => {
  const { token, view } = await world.commands.makeToken({ name: 'ci', role: 'operator', ttlMs: 500 }, ADA);
  t.match(token, /^ls_[\w-]{43}$/);
  t.same(await world.commands.authenticate(token), { tokenId: view.id, name: 'ci', role: 'operator' });
  t.equal(await world.commands.authenticate(`${token}x`), null);
  t.match((await world.commands.listTokens(PAGE)).items, [{ name: 'ci', lastUsedAt: 1_000 }]);
  t.notMatch(JSON.stringify(await world.commands.listTokens(PAGE)), /hash/);
  world.now += 500;
  t.equal(await world.commands.authenticate(token), null, 'expired');
  const other = await world.commands.makeToken({ name: 'x', role: 'viewer', ttlMs: null }, ADA);
  await world.commands.revokeToken(other.view.id, ADA);
  t.equal(await world.commands.authenticate(other.token), null, 'revoked');
  t.match(await world.commands.whoami({ tokenId: view.id, name: 'ci', role: 'operator' }), { name: 'ci' });
});

t.test('logs: secrets are masked, also where a chunk ends inside of one', async (t) => {
  const world = await controlWorld(async (host, _target, _options, sink) => {
    const source = { host, service: 'web', instance: 'i-1' };
    for (const part of ['password is hun', 'ter22 and ', '"hunter22"', ' bye h'])
      await sink.chunk(source, 1, Buffer.from(part, 'utf8'));
  });
  t.teardown(() => world.dispose());
  world.registry.set(IMAGE, digest('a'));
  await enroll(world, 'a');
  await world.commands.setSecret(WEB, 'db', 'hunter22', ADA);
  const request = { app: WEB, service: null, host: null, follow: false, tail: null, sinceMs: null };
  await t.rejects(
    world.commands.logs(request, { chunk: () => Promise.resolve() }, new AbortController().signal),
    refusal('NOT_FOUND'),
  );
  await deployed(world);
  let text = '';
  const sink = {
    chunk: (_source: unknown, _fd: unknown, data: Uint8Array) =>
      Promise.resolve(void (text += Buffer.from(data).toString('utf8'))),
  };
  await world.commands.logs(request, sink, new AbortController().signal);
  t.equal(text, 'password is *** and "***" bye h');
  for (const [host, live] of world.live) world.live.set(host, { ...live, connected: false });
  await t.rejects(world.commands.logs(request, sink, new AbortController().signal), refusal('HOST_OFFLINE'));
});

scene('what agents say is masked from the moment a secret is set, and after a restart', async (t, world) => {
  const failed = problem('CONTAINER_EXITED', 'start web: exit code 1: bad password hunter22');
  const attempt = anAttempt({ state: 'failed', problem: failed });
  const report = {
    kind: 'report' as const,
    seq: 1,
    full: true,
    metrics: null,
    status: null,
    apps: { web: anAppReport({ attempt, waiting: 'hunter22' }), other: anAppReport({ waiting: 'hunter22' }) },
  };
  t.same(world.masks.mask(report), report, 'no secret yet');
  await world.commands.setSecret(WEB, 'db', 'hunter22', ADA);
  const restarted = new AppMasks(world);
  await restarted.refresh(null);
  for (const masks of [world.masks, restarted]) {
    t.match(masks.mask(report).apps, {
      web: { waiting: '***', attempt: { problem: { message: 'start web: exit code 1: bad password ***' } } },
      other: { waiting: 'hunter22' },
    });
    t.match(masks.mask({ kind: 'event', at: 0, event: 'x', app: null, text: 'hunter22!' }), { text: '***!' });
    t.match(masks.mask({ kind: 'assignment-refused', epoch: 1, generation: 1, problem: failed }), {
      problem: { message: /\*\*\*$/ },
    });
  }
});

scene('doctor: names who is silent, who refuses, and a log that was changed', async (t, world) => {
  const a = await enroll(world, 'a');
  t.ok((await world.commands.doctor()).checks.every((check) => check.ok));
  const b = await enroll(world, 'b');
  world.live.set(a, aLiveHost({ connected: false }));
  world.live.set(b, aLiveHost({ refusal: aRefusal() }));
  const { checks } = await world.commands.doctor();
  t.match(
    checks.find((check) => check.name === 'hosts'),
    { ok: false, text: /1 of 2 .*: a/ },
  );
  t.match(
    checks.find((check) => check.name === 'assignments'),
    { ok: false, text: 'b: it cannot do ingress' },
  );
});

t.test('placement of targets is what sticks', async (t) => {
  t.same(stickyPlacement([{ kind: 'remove', host: 'h-1' as HostId, app: WEB, volumes: false }]), {});
});
