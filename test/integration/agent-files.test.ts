// What the agent keeps on the disk: identity, sealed values, files of apps, the lock; and its local HTTP.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { RunEntry } from '../../fleet/assignment.ts';
import { registryContext, secretContext } from '../../protocol/sealing.ts';
import { forgetEnrollToken, readEnrollToken } from '../../agent/identity/enroll-token.ts';
import { openIdentity, rawPublicKey, saveIdentity, signText } from '../../agent/identity/identity.ts';
import { listenLocally } from '../../agent/http/local-server.ts';
import { AppFilesOnDisk } from '../../agent/secrets/app-files-on-disk.ts';
import { SealedStore } from '../../agent/secrets/sealed-store.ts';
import { trustedRoots } from '../../agent/trust.ts';
import { seal } from '../../coordinator/secrets/seal.ts';
import { someAgentFacts } from '../support/agent-facts.ts';
import { anAppSpec, appName, aService, deploymentId, hostId, specHash } from '../support/app-builders.ts';
import { testAuthority } from '../support/test-authority.ts';

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'longshore-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

t.test('identity: is made once, kept private, and the same after a restart', async (t) => {
  const dir = path.join(await folder(t), 'data');

  const made = await openIdentity(dir);
  const again = await openIdentity(dir);

  t.equal(rawPublicKey(again.signingKey), rawPublicKey(made.signingKey));
  t.equal(rawPublicKey(again.sealingKey), rawPublicKey(made.sealingKey));
  t.equal(signText(again.signingKey, 'x'), signText(made.signingKey, 'x'));
  t.equal(again.enrolled, null);
  t.equal(await modeOf(path.join(dir, 'identity.json')), 0o600);
  t.equal(await modeOf(dir), 0o700);
});

t.test('identity: keeps its enrolment', async (t) => {
  const dir = await folder(t);
  const enrolled = { host: hostId(5), name: 'web-1', pool: null, coordinator: 'wss://a' };

  await saveIdentity(dir, { ...(await openIdentity(dir)), enrolled });

  t.same((await openIdentity(dir)).enrolled, enrolled);
  t.same(await readdir(dir), ['identity.json'], 'nothing is left beside it');
});

t.test('identity: a damaged file is an error and is not replaced', async (t) => {
  const dir = await folder(t);
  const file = path.join(dir, 'identity.json');
  for (const text of ['', '{', '{"version":2}', '{"version":1,"signingKey":"x","sealingKey":"y","enrolled":null}']) {
    await writeFile(file, text);
    await t.rejects(openIdentity(dir), { code: 'STATE_FILE_INVALID', message: /read the identity/ }, text);
    t.equal(await readFile(file, 'utf8'), text);
  }
});

t.test('readEnrollToken: from a file, also one that comes later; never repeats what it found', async (t) => {
  const file = path.join(await folder(t), 'token');
  const source = { kind: 'file', path: file } as const;

  t.match(await readEnrollToken(source), { kind: 'none', problem: { code: 'CONFIG_INVALID', hint: /enroll-token/ } });
  await writeFile(file, ' tok-1\n');
  t.same(await readEnrollToken(source), { kind: 'token', token: 'tok-1' });
  await writeFile(file, 'user hunter2\nmore');
  const wrong = await readEnrollToken(source);
  t.equal(wrong.kind, 'none');
  t.notMatch(JSON.stringify(wrong), 'hunter2');
  t.match(await readEnrollToken({ kind: 'none' }), { kind: 'none' });
});

t.test('forgetEnrollToken: the file goes, or a person is told that it cannot', async (t) => {
  const dir = await folder(t);
  const file = path.join(dir, 'token');
  await writeFile(file, 'tok-secret');
  const said: string[] = [];
  const say = (level: string) => (text: string) => void said.push(`${level}: ${text}`);
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };

  await forgetEnrollToken({ kind: 'file', path: file }, log);
  t.same(await readdir(dir), []);
  // What is in the way of its removal: here a folder, on a host mostly a file system that is read-only to the agent.
  await mkdir(path.join(file, 'x'), { recursive: true });
  await forgetEnrollToken({ kind: 'file', path: file }, log);
  await forgetEnrollToken({ kind: 'value', token: 'tok-secret' }, log);

  t.same(said, [
    `info: the enrolment token was used: ${file} is removed`,
    `warn: the enrolment token was used and ${file} cannot be removed (ERR_FS_EISDIR): remove it`,
  ]);
});

t.test('trustedRoots: only the configured root where there is one', async (t) => {
  const dir = await folder(t);
  const ca = path.join(dir, 'ca.pem');
  await writeFile(ca, testAuthority(['ship.test']).root);

  t.equal((await trustedRoots(ca))?.length, 1);
  const none = trustedRoots(path.join(dir, 'none'));
  await t.rejects(none, { code: 'CONFIG_INVALID', message: /ca_file .*none: there is no such file$/ });
  await writeFile(ca, '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n');
  await t.rejects(trustedRoots(ca), { code: 'CONFIG_INVALID', message: /its certificate 1 of 1 is damaged$/ });
  await writeFile(ca, 'not a certificate');
  await t.rejects(trustedRoots(ca), { code: 'CONFIG_INVALID', message: /no certificate/ });
});

const host = hostId(1);
const sealing = generateKeyPairSync('x25519');
const app = appName('shop');

function sealed(context: string, value: string | Buffer): string {
  return seal({
    recipient: rawPublicKey(sealing.privateKey),
    context,
    value: Buffer.from(value),
    ephemeral: generateKeyPairSync('x25519'),
    nonce: randomBytes(12),
  });
}

const item = (secret: string, version: number, value: string | Buffer) => ({
  app,
  secret,
  version,
  sealed: sealed(secretContext({ host, app, secret, version }), value),
});

const open = async (dir: string): Promise<SealedStore> => (await SealedStore.load(dir, host, sealing.privateKey)).store;

t.test('SealedStore: keeps sealed values private and over a restart, and no value in the clear', async (t) => {
  const dir = await folder(t);
  const store = await open(dir);

  t.same(await store.add([item('db', 3, 'hunter2'), item('key', 1, 'k')]), []);

  const again = await open(dir);
  t.same(again.versions(), { 'shop/db': 3, 'shop/key': 1 });
  t.equal(again.value(app, 'db', 3)?.toString(), 'hunter2');
  t.equal(again.value(app, 'db', 2), null);
  const file = path.join(dir, 'secrets.json');
  t.equal(await modeOf(file), 0o600);
  t.notMatch(await readFile(file, 'utf8'), 'hunter2');
});

t.test('SealedStore: what does not open is refused and asked for again, the rest is kept', async (t) => {
  const store = await open(await folder(t));
  const forOther = { ...item('db', 3, 'x'), version: 4 };

  const problems = await store.add([forOther, item('key', 1, 'k')]);

  t.match(problems, [{ code: 'SEAL_INVALID' }]);
  t.same(store.versions(), { 'shop/key': 1 });
});

t.test('SealedStore: drops what no release uses, but not what came before its assignment', async (t) => {
  const store = await open(await folder(t));
  await store.add([item('db', 1, 'a'), item('db', 2, 'b'), item('db', 3, 'c'), item('gone', 1, 'd')]);

  const { changes } = store;
  let told = 0;
  store.onChange(() => (told += 1));
  await store.keepOnly(app, { db: [2] });
  t.ok(store.changes > changes, 'a drop is told');
  t.equal(told, 1);

  t.equal(store.value(app, 'db', 1), null);
  t.equal(store.value(app, 'db', 2)?.toString(), 'b');
  t.equal(store.value(app, 'db', 3)?.toString(), 'c');
  t.equal(store.value(app, 'gone', 1), null);
});

t.test('SealedStore: registry credentials come, are replaced and are forgotten', async (t) => {
  const dir = await folder(t);
  const store = await open(dir);
  const registry = '127.0.0.1:5000';
  const credential = sealed(registryContext({ host, registry }), JSON.stringify({ username: 'u', password: 'p' }));

  await store.setRegistry(registry, credential);
  t.same((await open(dir)).registryCredential(registry), { username: 'u', password: 'p' });
  t.same(store.registries(), [registry]);
  await t.rejects(store.setRegistry('other:5000', credential), { code: 'SEAL_INVALID' });
  await store.setRegistry(registry, null);
  t.equal((await open(dir)).registryCredential(registry), null);
  t.same(store.registries(), []);
});

t.test('SealedStore: a damaged file is set aside and everything is asked for again', async (t) => {
  const dir = await folder(t);
  await writeFile(path.join(dir, 'secrets.json'), '{"version":1,"secrets":');

  const { store, damage } = await SealedStore.load(dir, host, sealing.privateKey);

  t.match(damage, /set aside/);
  t.same(store.versions(), {});
  t.same(await readdir(dir), ['secrets.json.damaged']);
});

function entry(versions: Readonly<Record<string, number>>, fields: Partial<RunEntry> = {}): RunEntry {
  const secrets = [
    { secret: 'db', as: 'file', target: '/run/secrets/db', uid: null, gid: null, mode: null } as const,
    { secret: 'db', as: 'environment', target: 'DB', uid: null, gid: null, mode: null } as const,
  ];
  const configs = [{ config: 'site', target: '/etc/site.conf', uid: null, gid: null, mode: 0o440 }];
  return {
    kind: 'run',
    app,
    release: 1,
    deployment: deploymentId(1),
    attempt: 1,
    spec: anAppSpec({
      services: { web: aService({ secrets, configs }) },
      configs: { site: { content: 'listen 80\n' } },
      secrets: { db: { name: 'db' } },
    }),
    hashes: { web: specHash('a') },
    replicas: { web: 1 },
    secretVersions: versions,
    rollback: false,
    requires: [],
    ...fields,
  };
}

t.test('AppFilesOnDisk: waits for a secret that is not here and names it', async (t) => {
  const dir = await folder(t);
  const files = new AppFilesOnDisk(dir, await open(dir));

  t.same(await files.ensure(entry({ db: 3 })), { kind: 'missing', secret: 'db' });
});

t.test('AppFilesOnDisk: writes files that a container can read and nobody else on the host reaches', async (t) => {
  const dir = await folder(t);
  const store = await open(dir);
  await store.add([item('db', 3, 'hunter2')]);
  const files = new AppFilesOnDisk(dir, store);

  const answer = await files.ensure(entry({ db: 3 }));

  if (answer.kind !== 'ready') throw new Error(`${answer.secret} is missing`);
  const [secret, config] = answer.mounts.web ?? [];
  t.equal(secret?.target, '/run/secrets/db');
  t.equal(await readFile(secret?.source ?? '', 'utf8'), 'hunter2');
  t.equal(await modeOf(secret?.source ?? ''), 0o444);
  t.equal(await modeOf(path.dirname(secret?.source ?? '')), 0o700);
  t.equal(await readFile(config?.source ?? '', 'utf8'), 'listen 80\n');
  t.equal(await modeOf(config?.source ?? ''), 0o440);
  t.same(answer.environment, { web: { DB: 'hunter2' } });
  t.same(await files.ensure(entry({ db: 3 })), answer, 'again is the same');
});

t.test('AppFilesOnDisk: a rotated secret leaves the running container its file until that is not kept', async (t) => {
  const dir = await folder(t);
  const store = await open(dir);
  await store.add([item('db', 3, 'old'), item('db', 4, 'new')]);
  const files = new AppFilesOnDisk(dir, store);
  const sourceOf = async (version: number): Promise<string> => {
    const answer = await files.ensure(entry({ db: version }));
    return answer.kind === 'ready' ? (answer.mounts.web?.[0]?.source ?? '') : '';
  };
  const old = await sourceOf(3);
  const current = await sourceOf(4);
  t.equal(await readFile(old, 'utf8'), 'old');
  t.equal(await readFile(current, 'utf8'), 'new');

  await files.prune(app, [entry({ db: 4 })]);
  await t.rejects(stat(old));
  t.equal(await readFile(current, 'utf8'), 'new');
  t.equal(store.value(app, 'db', 3), null);

  await files.prune(app, []);
  t.same(await readdir(path.join(dir, 'files')), []);
  t.same(store.versions(), {});
  await files.prune(app, []);
});

t.test('AppFilesOnDisk: what is no text cannot be a variable', async (t) => {
  const dir = await folder(t);
  const store = await open(dir);
  const files = new AppFilesOnDisk(dir, store);
  for (const [version, value] of [Buffer.from([0xff, 0xfe]), Buffer.from('a\0b')].entries()) {
    await store.add([item('db', version, value)]);
    await t.rejects(files.ensure(entry({ db: version })), { code: 'INPUT_INVALID', message: /not text/ });
  }
});

t.test('identity: a place that cannot be written is named with a hint', async (t) => {
  const file = path.join(await folder(t), 'file');
  await writeFile(file, '');

  await t.rejects(openIdentity(path.join(file, 'data')), { code: 'STATE_FILE_INVALID', message: /ENOTDIR/ });
});

t.test('listenLocally: answers, and says whose address it could not have', async (t) => {
  const server = await listenLocally(
    { host: '127.0.0.1', port: 0 },
    () => someAgentFacts(),
    () => 'figures 1\n',
  );
  t.teardown(() => server.close());
  const ask = (what: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${what}`);

  t.equal((await ask('/healthz')).status, 200);
  t.equal((await ask('/readyz?x=1')).status, 200);
  t.equal(await (await ask('/metrics')).text(), 'figures 1\n');
  t.equal((await ask('/secrets')).status, 404);
  await t.rejects(
    listenLocally(
      { host: '127.0.0.1', port: server.port },
      () => someAgentFacts(),
      () => '',
    ),
    { code: 'CONFIG_INVALID', message: /EADDRINUSE/, problem: { hint: /http_listen/ } },
  );
});
