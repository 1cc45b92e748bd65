// The coordinator's part of Google Cloud against a server that speaks like Google, over real HTTPS, with a real store.
import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import type { Test } from 'tap';
import { enrollCommands } from '../../../coordinator/control/enroll-commands.ts';
import { AdoptionRequests } from '../../../coordinator/identity/adoption-requests.ts';
import type { ControlOptions } from '../../../coordinator/control/control-options.ts';
import { GoogleCloud } from '../../../coordinator/google/google-cloud.ts';
import { googleHttp } from '../../../coordinator/google/google-http.ts';
import { tokenHash } from '../../../coordinator/identity/token-text.ts';
import type { Store } from '../../../coordinator/store/store.ts';
import { enrollProof, identityAudience, type EnrollRequest } from '../../../protocol/enroll.ts';
import type { HostId } from '../../../fleet/ids.ts';
import { anAppSpec, aService, digest } from '../../support/app-builders.ts';
import { fakeIdentity, type FakeIdentity } from '../../support/fake-identity.ts';
import { FakeGoogle, POOL_ACCOUNT, PROJECT, PROJECT_NUMBER, type FakeInstance } from '../../support/fake-google.ts';
import { refusal } from '../../support/refusal.ts';
import { enqueue, PERSON } from '../../support/store-scenes.ts';
import { storeKinds } from '../../support/stores.ts';

const AUDIENCE = 'wss://10.0.0.2';
const ZONE = 'europe-west1-b';
const PREFIX = `europe-west1-docker.pkg.dev/${PROJECT}/ship`;

interface Scene {
  readonly google: FakeGoogle;
  readonly store: Store;
  readonly cloud: GoogleCloud;
  readonly said: string[];
  readonly faults: unknown[];
  /** Enrols like an agent of this instance; the request may be spoiled before it is sent. */
  readonly enrol: (instance: FakeInstance, identity?: FakeIdentity, spoil?: (given: Given) => Given) => Promise<HostId>;
  /** A look at everything, from its start to its end. */
  readonly look: () => Promise<void>;
  clock: number;
}

interface Given {
  readonly request: EnrollRequest;
  readonly claims: Record<string, unknown>;
}

const fleet = (labels: Record<string, string> = { tier: 'web' }) =>
  JSON.stringify({
    version: 1,
    fleet: 'ship',
    project: PROJECT,
    projectNumber: PROJECT_NUMBER,
    pools: [{ name: 'edge', serviceAccount: POOL_ACCOUNT, labels, zones: [ZONE] }],
    registry: { prefix: PREFIX },
  });
const instance = (id: string, name = `edge-${id}`): FakeInstance => ({ id, name, zone: ZONE, email: POOL_ACCOUNT });

async function scene(t: Test): Promise<Scene> {
  const [kind] = storeKinds;
  if (kind === undefined) throw new Error('there is no store');
  const { store, dispose } = await kind.open();
  const google = await FakeGoogle.start();
  t.teardown(async () => {
    await google.stop();
    await dispose();
  });
  google.objects.set('fleet.json', fleet());
  const state = { clock: Date.now() };
  const cloud = new GoogleCloud({
    config: { project: PROJECT, bucket: 'b', secretPrefix: 'ship' },
    http: google.http(),
    audiences: ['wss://ship.example.com', AUDIENCE],
    store,
    now: () => state.clock,
    randomBytes,
  });
  const said: string[] = [];
  const faults: unknown[] = [];
  const look = async (): Promise<void> => {
    cloud.watch({
      hostRemoved: (host) => void said.push(`removed ${host}`),
      hostsLabelled: (hosts) => void said.push(`labelled ${hosts.join(' ')}`),
      onFault: (error) => void faults.push(error),
    });
    await cloud.stop();
  };
  const commands = enrollCommands({
    store,
    identities: cloud.identities,
    audiences: ['wss://ship.example.com', AUDIENCE],
    now: () => state.clock,
    randomBytes,
    hub: { hostRemoved: (host: HostId) => void said.push(`hub removed ${host}`) },
    rollouts: { fleetChanged: () => undefined },
    changes: { publish: () => undefined },
    views: { host: () => Promise.resolve(null) },
    adoptions: new AdoptionRequests(() => state.clock),
  } as unknown as ControlOptions);
  const enrol: Scene['enrol'] = async (machine, identity = fakeIdentity(), spoil = (given) => given) => {
    const { publicKey, sealingKey } = identity;
    const { nonce } = await commands.enrollChallenge({ publicKey });
    const publicKeyHash = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
    const audience = identityAudience({ audience: AUDIENCE, nonce, publicKeyHash });
    const { request, claims } = spoil({
      claims: google.claimsOf(machine, audience, state.clock),
      request: {
        identityToken: '',
        nonce,
        publicKey,
        sealingKey,
        signature: identity.sign(enrollProof({ audience: AUDIENCE, publicKey, sealingKey })),
        name: 'what-it-says',
        labels: { tier: 'db' },
        platform: 'linux/amd64',
      },
    });
    const reply = await commands.enroll({ ...request, identityToken: google.signed(claims) });
    return reply.host;
  };
  return Object.assign(state, { google, store, cloud, said, faults, enrol, look });
}

const events = async (store: Store, kind: string): Promise<readonly string[]> => {
  const filter = { app: null, host: null, kind, deployment: null, order: 'oldest' as const };
  return (await store.listEvents({ limit: 50, after: null, ...filter })).items.map(({ text }) => text);
};

t.test("enrolment by identity: name, pool and labels are the machine's, whatever the agent says", async (t) => {
  const { enrol, store, look } = await scene(t);
  await t.rejects(enrol(instance('1')), refusal('GOOGLE_UNAVAILABLE', /fleet\.json was not read yet/));
  await look();

  const host = await enrol(instance('1'));

  t.match(await store.host({ id: host }), {
    name: 'edge-1',
    pool: 'edge',
    labels: { tier: 'web' },
    instance: { projectNumber: PROJECT_NUMBER, id: '1', zone: ZONE, name: 'edge-1' },
  });
  t.match(await events(store, 'host.enrolled'), [/instance edge-1 \(1\) in europe-west1-b into pool edge/]);
});

t.test('enrolment by identity: a token serves only its nonce, key and service account', async (t) => {
  const { enrol, look, google, store } = await scene(t);
  await look();
  const machine = instance('1');
  const with_ = (fields: Record<string, unknown>) => (given: Given) => ({
    ...given,
    claims: { ...given.claims, ...fields },
  });
  const key = fakeIdentity();
  let first: Given | null = null;
  await enrol(machine, key, (given) => (first = given));

  // The very same request again, and its token under a new nonce.
  await t.rejects(
    enrol(machine, key, (given) => first ?? given),
    refusal('CHALLENGE_EXPIRED', /was used/),
  );
  await t.rejects(
    enrol(machine, key, (given) => ({ ...given, claims: first?.claims ?? {} })),
    refusal('IDENTITY_REFUSED', /something else/),
  );
  await t.rejects(
    enrol(machine, key, with_({ email: 'other@p.iam.gserviceaccount.com' })),
    refusal('IDENTITY_REFUSED', /no pool/),
  );
  await t.rejects(enrol(machine, key, with_({ iat: Date.now() / 1000 - 200 })), refusal('IDENTITY_REFUSED', /older/));
  await t.rejects(
    enrol(machine, key, (given) => ({ ...given, request: { ...given.request, nonce: 'made-up-nonce-of-mine' } })),
    refusal('CHALLENGE_EXPIRED'),
  );
  t.equal((await store.allHosts()).length, 1);
  const asked = google.asked.filter((line) => line.includes('/certs')).length;
  t.equal(asked, 1, 'the keys are kept');
});

t.test('enrolment by identity: the same key is the same host; another key needs an operator', async (t) => {
  const { enrol, look, store } = await scene(t);
  await look();
  const key = fakeIdentity();
  const host = await enrol(instance('1'), key);
  const again = await enrol(instance('1'), key);

  t.equal(again, host, 'a lost answer is asked for again');
  const other = fakeIdentity();
  await t.rejects(enrol(instance('1'), other), refusal('INSTANCE_KNOWN', /is host edge-1 already, with another key/));
  await t.rejects(enrol(instance('1'), other), refusal('INSTANCE_KNOWN'));
  t.match(await events(store, 'host.second-key'), [/hosts adopt/], 'people read of it, once in a while');

  await store.removeHost({ id: host, at: 1, events: [] });
  await t.rejects(enrol(instance('1'), key), refusal('HOST_REMOVED'), 'the key that was removed stays out');
  const next = await enrol(instance('1'));
  t.match(await store.host({ id: next }), { name: 'edge-1', removedAt: null });
});

t.test('enrolment by identity: a machine made anew under its name takes the place of its host', async (t) => {
  const { enrol, look, store, said } = await scene(t);
  await look();
  const old = await enrol(instance('1', 'edge-a'));
  const far = await enrol({ ...instance('3', 'edge-a'), zone: 'us-central1-a' });

  const fresh = await enrol(instance('2', 'edge-a'));

  t.match(await store.host({ id: fresh }), { name: 'edge-a', instance: { id: '2' } });
  t.not((await store.host({ id: old }))?.removedAt, null);
  t.match(await store.host({ id: far }), { name: 'edge-a-2', removedAt: null }, 'another zone is another machine');
  t.same(said, [`hub removed ${old}`]);
  t.match(await events(store, 'host.gone'), [/instance 1 is gone, 2 has its name now/]);
});

t.test('enrolment by identity: a machine made anew with the disks of its host stays that host', async (t) => {
  const { enrol, look, store, said } = await scene(t);
  await look();
  const holding = (host: HostId) => (given: Given) => ({
    ...given,
    request: {
      ...given.request,
      former: { host, adopt: false, apps: ['db'], containers: 0, volumes: 1, ingress: false },
    },
  });
  const old = await enrol(instance('1', 'edge-a'));
  const other = await enrol(instance('9', 'edge-b'));

  const [second, third] = [fakeIdentity(), fakeIdentity()];
  t.equal(await enrol(instance('2', 'edge-a'), second, holding(old)), old);
  t.match(await store.host({ id: old }), {
    name: 'edge-a',
    publicKey: second.publicKey,
    instance: { id: '2' },
    removedAt: null,
  });
  t.match(await events(store, 'host.adopted'), [/edge-a has a new key/]);

  await store.removeHost({ id: old, at: 1, events: [] });
  t.equal(
    await enrol(instance('3', 'edge-a'), third, holding(old)),
    old,
    'also where its instance was missed meanwhile',
  );
  t.match(await store.host({ id: old }), { name: 'edge-a', publicKey: third.publicKey, removedAt: null });

  await t.rejects(
    enrol(instance('4', 'edge-a'), fakeIdentity(), holding(other)),
    refusal('FORMER_HOST'),
    'the host of an instance with another name is not its to take',
  );
  await t.rejects(
    enrol({ ...instance('4', 'edge-a'), zone: 'us-central1-a' }, fakeIdentity(), holding(old)),
    refusal('FORMER_HOST'),
    'nor one in another zone',
  );
  t.same(said, [], 'no host was removed');
});

t.test("Google's keys: kept as long as it says, and a new one is asked for", async (t) => {
  const world = await scene(t);
  const { enrol, look, google } = world;
  await look();
  const asked = (): number => google.asked.filter((line) => line.includes('/certs')).length;
  await enrol(instance('1'));
  google.rotateKeys();

  await t.rejects(
    enrol(instance('2')),
    refusal('IDENTITY_REFUSED', /not signed with a key of Google/),
    'not asked for at once: anybody can make up a key',
  );
  t.equal(asked(), 1);
  world.clock += 30_000;
  await enrol(instance('2'));
  t.equal(asked(), 2);
  world.clock += 3_600_000;
  await enrol(instance('3'));
  t.equal(asked(), 3);
});

t.test('fleet.json: labels follow it, with an event; a damaged one changes nothing and is shown', async (t) => {
  const { enrol, look, google, store, cloud, said, faults } = await scene(t);
  await look();
  const host = await enrol(instance('1'));
  google.addInstance(instance('1'));
  google.objects.set('fleet.json', fleet({ tier: 'web', disk: 'ssd' }));
  await look();

  t.match(await store.host({ id: host }), { labels: { tier: 'web', disk: 'ssd' } });
  t.match(await events(store, 'host.labelled'), ['Labels of host edge-1 by its pool edge: tier=web, disk=ssd']);
  t.same(said, [`labelled ${host}`]);
  t.match(cloud.findings(), [
    { name: 'fleet.json', ok: true },
    { name: 'instances', ok: true },
    { name: 'machine groups', ok: true },
    { name: 'kept images', ok: true },
  ]);

  await store.patchHost({ id: host, availability: null, name: null, labels: { tier: 'mine' }, events: [] });
  t.match((await store.host({ id: host }))?.labels, { tier: 'mine', disk: 'ssd' }, "an operator's own label wins");

  for (const broken of ['{"version": 2}', '{']) {
    google.objects.set('fleet.json', broken);
    await look();
    t.match(cloud.findings()[0], { ok: false, text: /gs:\/\/b\/fleet\.json.*; 1 pools of ship are known/ });
  }
  google.objects.delete('fleet.json');
  await look();
  t.match(cloud.findings()[0], { ok: false, text: /not found/ });
  t.match((await store.host({ id: host }))?.labels, { disk: 'ssd' });
  t.ok(faults.every((fault) => refusalCode(fault) === 'FLEET_FILE_INVALID'));
  google.objects.set('fleet.json', fleet());
  await look();
  t.match(cloud.findings()[0], { ok: true });
});

const refusalCode = (error: unknown): unknown => (error as { code?: unknown }).code;

t.test('gone instances: removed after two complete answers; anything less removes nobody', async (t) => {
  const { enrol, look, google, store, cloud, said } = await scene(t);
  await look();
  const machines = ['1', '2', '3', '4', '5'].map((id) => google.addInstance(instance(id)));
  const [first, ...others] = machines;
  if (first === undefined) throw new Error('no machine');
  const host = await enrol(first);
  for (const machine of others) await enrol(machine);
  const left = async (): Promise<number> => (await store.allHosts()).length;
  google.removeInstance(first);
  const answers: readonly (readonly [string, Parameters<typeof google.zoneAnswers.set>[1]])[] = [
    ['403', { status: 403, body: { error: { message: 'Required compute.instances.list permission' } } }],
    ['warning', { status: 200, body: { warning: { code: 'UNREACHABLE', message: 'try later' } } }],
    ['unreachable', { status: 200, body: { unreachables: [ZONE] } }],
    ['no list', { status: 200, body: { items: 'x' } }],
    ['500', { status: 500, body: 'oops' }],
  ];
  for (const [name, answer] of answers) {
    google.zoneAnswers.set(ZONE, answer);
    await look();
    await look();
    t.equal(await left(), 5, name);
    t.match(cloud.findings()[1], { ok: false, text: /list the instances of europe-west1-b/ }, name);
  }
  google.zoneAnswers.clear();

  await look();
  t.equal(await left(), 5, 'once is not enough');
  await look();

  t.equal(await left(), 4, 'and pages are followed: the other four stay');
  t.same(said, [`removed ${host}`]);
  t.match(await events(store, 'host.gone'), ['Host edge-1 was removed: its instance 1 in europe-west1-b is gone']);
  t.match(cloud.findings()[1], { ok: true });
});

t.test('machine groups: why one lacks machines is in doctor, with the way out, until it is overcome', async (t) => {
  const held = await scene(t);
  const { google, cloud, look } = held;
  const finding = () => cloud.findings().find(({ name }) => name === 'machine groups');
  const error = (code: string, message: string) => ({
    timestamp: new Date(held.clock - 60_000).toISOString(),
    error: { code, message },
  });
  const group = `ship-edge-${ZONE}`;
  await look();
  t.match(finding(), { ok: true, text: 'no group reports that it cannot make a machine' }, 'single machines have none');
  google.groupErrors.set(group, [error('QUOTA_EXCEEDED', "Quota 'CPUS' exceeded. Limit: 8.0 in region europe-west1.")]);
  await look();
  t.match(finding(), {
    ok: false,
    text: /^ship-edge-europe-west1-b: the project's quota is used up: raise it .*`count`.*Limit: 8\.0/,
  });
  held.clock += 60 * 60_000;
  await look();
  t.match(finding(), { ok: true });
  google.refuse = (path) => (path.endsWith('/listErrors') ? { status: 403, body: {} } : null);
  await look();
  t.match(finding(), { ok: true, text: /not all could be asked: list the errors of the group/ });
});

t.test('Secret Manager: the key of the secrets is made once and never overwritten', async (t) => {
  const { cloud, google } = await scene(t);
  await t.rejects(cloud.secretsKey(), refusal('NOT_FOUND', /no such secret/));
  google.secrets.set('ship-secrets-key', []);

  const key = await cloud.secretsKey();
  const again = await cloud.secretsKey();

  t.equal(key.length, 32);
  t.ok(key.equals(again), 'a crash before its first use finds it again');
  t.equal(google.secrets.get('ship-secrets-key')?.length, 1);
  google.secrets.set('ship-secrets-key', [Buffer.from('not a key')]);
  await t.rejects(cloud.secretsKey(), refusal('STATE_FILE_INVALID', /does not hold 32 bytes/));
  google.refuse = () => ({ status: 400, body: { error: { message: 'Secret Version is in DISABLED state.' } } });
  await t.rejects(cloud.secretsKey(), refusal('GOOGLE_UNAVAILABLE', /DISABLED/));
  google.refuse = () => ({ status: 403, body: { error: { message: 'Permission denied' } } });
  await t.rejects(cloud.secretsKey(), refusal('GOOGLE_DENIED', /Permission denied/));
  google.refuse = null;
  google.secrets.set('ship-secrets-key', []);
  t.equal((await cloud.secretsKey()).equals(key), false, 'one that was lost is made anew');
  t.equal(google.secrets.get('ship-secrets-key')?.length, 1);
});

t.test(
  'Secret Manager: the first admin token is there before it counts, and a crash between the two loses nothing',
  async (t) => {
    const { cloud, google, store } = await scene(t);
    google.secrets.set('ship-admin-token', []);
    const failing = Object.assign(Object.create(store) as Store, {
      insertToken: () => Promise.reject(new Error('the power went')),
    });
    await t.rejects(cloud.ensureFirstAdmin(failing), /the power went/);

    t.equal(await cloud.ensureFirstAdmin(store), 'ship-admin-token');

    const versions = google.secrets.get('ship-admin-token') ?? [];
    const token = versions[0]?.toString('utf8') ?? '';
    t.equal(versions.length, 1);
    t.match(await store.tokenByHash({ hash: tokenHash(token) }), { role: 'admin', name: 'first-admin' });
    t.equal(await cloud.ensureFirstAdmin(store), null, 'one is enough');
    t.match(await events(store, 'token.made'), [/written to the secret ship-admin-token/]);
    t.notMatch((await events(store, 'token.made')).join(), token);
  },
);

t.test('Secret Manager: an admin token that ran out does not come back to life', async (t) => {
  const { cloud, google, store } = await scene(t);
  const old = `ls_${'x'.repeat(43)}`;
  google.secrets.set('ship-admin-token', [Buffer.from(old)]);
  const dead = { id: 't-1', name: 'old', role: 'admin' as const, hash: tokenHash(old), createdAt: 0, expiresAt: 1 };
  await store.insertToken({ token: dead, events: [] });

  await cloud.ensureFirstAdmin(store);

  const versions = google.secrets.get('ship-admin-token') ?? [];
  t.equal(versions.length, 2);
  t.equal(versions[0]?.toString(), old);
  t.not(await store.tokenByHash({ hash: tokenHash(versions[1]?.toString() ?? '') }), null);
});

t.test('kept releases: their images are tagged, and let go with them', async (t) => {
  const { look, google, store, cloud } = await scene(t);
  const service = (letter: string) =>
    aService({
      image: { reference: `${PREFIX}/shop/web:latest`, digest: digest(letter), pull: 'always', platform: null },
    });
  for (const letter of ['a', 'b', 'c']) google.images.add(digest(letter));
  google.tags.set(
    'shop/web',
    new Map([
      ['latest', digest('c')],
      ['keep-web-9', digest('a')],
      ['keep-mine', digest('a')],
    ]),
  );
  for (const [index, letter] of ['a', 'b'].entries())
    await enqueue(store, {
      number: index + 1,
      release: { spec: anAppSpec({ services: { web: service(letter) } }), cause: PERSON },
    });

  await look();

  t.same(Object.fromEntries(google.tags.get('shop/web') ?? []), {
    latest: digest('c'),
    'keep-mine': digest('a'),
    'keep-web-1': digest('a'),
    'keep-web-2': digest('b'),
  });
  t.match(cloud.findings().at(-1), { name: 'kept images', ok: true, text: /^2 images/ });
  google.tags.get('shop/web')?.delete('keep-web-1');
  google.images.delete(digest('a'));
  await look();
  t.match(cloud.findings().at(-1), { ok: false, text: /shop\/web \(keep-web-1\)/ });
  google.refuse = (path) => (path.includes('/packages') ? { status: 403, body: { error: { message: 'no' } } } : null);
  await look();
  t.match(cloud.findings().at(-1), { name: 'kept images', ok: false, text: /no/ }, 'a refusal is shown');
});

t.test("registry login: the machine's token, for Google's registries alone, renewed in time", async (t) => {
  const world = await scene(t);
  const { cloud, google } = world;
  google.tokenSeconds = 3_600;
  const first = await cloud.registryLogin('europe-west1-docker.pkg.dev');

  t.equal(first?.username, 'oauth2accesstoken');
  t.same(await cloud.registryLogin('gcr.io'), first);
  t.same(await cloud.registryLogin('eu.gcr.io'), first);
  for (const other of [
    'docker.io',
    'pkg.dev',
    'x-docker.pkg.dev.evil.example',
    'evil.example/x-docker.pkg.dev',
    'x.gcr.io.evil.example',
    'evilgcr.io',
  ])
    t.equal(await cloud.registryLogin(other), null, other);
  world.clock += 3_300_000;
  t.same(await cloud.registryLogin('gcr.io'), first, 'five minutes before its end it is still good');
  world.clock += 60_000;
  t.not((await cloud.registryLogin('gcr.io'))?.password, first?.password);
});

t.test('a token that Google takes no more is asked for anew, once', async (t) => {
  const { look, google, faults } = await scene(t);
  await look();
  google.revokeTokens();
  await look();

  t.same(faults, []);
});

t.test(
  "trust: Google's names are believed under known roots only, and nobody else is asked in the clear",
  async (t) => {
    const { google } = await scene(t);
    const strange = google.http([]);
    await t.rejects(strange({ method: 'GET', url: 'https://www.googleapis.com/oauth2/v3/certs' }), /certificate/);
    await t.rejects(google.http()({ method: 'GET', url: 'https://other.example/' }), /altnames|Hostname/i);
    const http = googleHttp({ ca: undefined, timeoutMs: 1_000 });
    await t.rejects(http({ method: 'GET', url: 'http://storage.googleapis.com/' }), /plain HTTP is for metadata/);
  },
);
