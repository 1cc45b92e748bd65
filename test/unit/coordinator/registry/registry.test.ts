import t from 'tap';
import { parseChallenge, retryAfterMs, tokenUrl } from '../../../../coordinator/registry/challenge.ts';
import { DigestResolver } from '../../../../coordinator/registry/digest-resolver.ts';
import { loginFor, loginInDockerConfig } from '../../../../coordinator/registry/logins.ts';
import { isLoopbackRegistry, parseReference } from '../../../../coordinator/registry/reference.ts';
import { resolvingHost } from '../../../../coordinator/registry/resolving-host.ts';
import type { ResolvingHostOptions } from '../../../../coordinator/registry/resolving-host.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import type { Digest, HostId } from '../../../../fleet/ids.ts';
import { anAppSpec, appName, aService, digest, hostId } from '../../../support/app-builders.ts';
import { withResolvers } from '../../../support/with-resolvers.ts';

t.test('reference: read as Docker reads it', (t) => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['nginx', 'docker.io', 'library/nginx', 'latest'],
    ['acme/web:2', 'docker.io', 'acme/web', '2'],
    ['docker.io/nginx:1', 'docker.io', 'library/nginx', '1'],
    ['index.docker.io/acme/web', 'docker.io', 'acme/web', 'latest'],
    ['127.0.0.1:5000/web:3', '127.0.0.1:5000', 'web', '3'],
    ['localhost/web', 'localhost', 'web', 'latest'],
    ['ghcr.io/acme/a/b_c:v1.0-x', 'ghcr.io', 'acme/a/b_c', 'v1.0-x'],
  ];
  for (const [text, registry, repository, tag] of cases)
    t.same(parseReference(text), { registry, repository, tag, digest: null }, text);
  t.equal(parseReference(`ghcr.io/a/b:1@${digest('a')}`).digest, digest('a'));
  for (const wrong of ['', 'UPPER', 'a b', 'web:', 'web@sha256:12', 'a//b', ':1', 'web:1:2/x'])
    t.throws(() => parseReference(wrong), { code: 'INPUT_INVALID' }, wrong);
  t.end();
});

t.test('reference: which registries are on this machine', (t) => {
  for (const here of ['localhost', 'localhost:5000', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000', 'r.localhost:1'])
    t.ok(isLoopbackRegistry(here), here);
  for (const away of ['10.0.0.1:5000', 'ghcr.io', 'localhost.example.com', '127.example.com'])
    t.notOk(isLoopbackRegistry(away), away);
  t.end();
});

t.test('challenge: what a registry asks for', (t) => {
  t.same(parseChallenge('Basic realm="r"'), { kind: 'basic' });
  const bearer = parseChallenge(
    'Bearer realm="https://auth.test/token",service="reg.test",scope="repository:a/b:pull"',
  );
  t.same(bearer, {
    kind: 'bearer',
    realm: 'https://auth.test/token',
    service: 'reg.test',
    scope: 'repository:a/b:pull',
  });
  if (bearer?.kind !== 'bearer') throw new Error('no bearer');
  t.equal(tokenUrl(bearer, 'x').href, 'https://auth.test/token?service=reg.test&scope=repository%3Aa%2Fb%3Apull');
  t.equal(tokenUrl({ ...bearer, scope: null, service: null }, 'ours').href, 'https://auth.test/token?scope=ours');
  for (const none of [null, 'Digest x', 'Bearer service="x"', 'Bearer realm="no url"'])
    t.equal(parseChallenge(none), null);
  t.equal(retryAfterMs('30', 0), 30_000);
  t.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 4_000), 6_000);
  t.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 40_000), 0);
  t.equal(retryAfterMs('soon', 0), null);
  t.equal(retryAfterMs(null, 0), null);
  t.end();
});

t.test('docker config: logins by registry, with its names for Docker Hub', (t) => {
  const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text, 'utf8').toString('base64') });
  const text = JSON.stringify({
    auths: { 'index.docker.io/v1/': auth('hub:a:b'), 'r.test:5000': auth('u:p'), empty: {} },
  });
  t.same(loginInDockerConfig(text, 'docker.io', 'f'), { username: 'hub', password: 'a:b' });
  t.same(loginInDockerConfig(text, 'r.test:5000', 'f'), { username: 'u', password: 'p' });
  t.equal(loginInDockerConfig(text, 'empty', 'f'), null);
  t.equal(loginInDockerConfig('{}', 'r.test:5000', 'f'), null);
  t.throws(() => loginInDockerConfig('{', 'r', 'the-file'), { code: 'CONFIG_INVALID', message: /the-file/ });
  t.end();
});

t.test('logins: the stored one wins; a Docker config that is not there is none', async (t) => {
  const vault = {
    encrypt: () => new Uint8Array(),
    decrypt: (purpose: string) => Buffer.from(purpose === 'registry\nr' ? 'stored' : '', 'utf8'),
  };
  const store = {
    registries: () => Promise.resolve([{ registry: 'r', username: 'u', setAt: 0, ciphertext: new Uint8Array() }]),
  };
  t.same(await loginFor('r', { store, vault, dockerConfigFile: null }), { username: 'u', password: 'stored' });
  t.equal(await loginFor('other', { store, vault, dockerConfigFile: '/does/not/exist.json' }), null);
  t.equal(await loginFor('other', { store, vault, dockerConfigFile: null }), null);
  await t.rejects(loginFor('other', { store, vault, dockerConfigFile: t.testdir() }), {
    code: 'CONFIG_INVALID',
    message: /read the Docker config/,
  });
});

const unavailable = new LongshoreError('REGISTRY_UNAVAILABLE', 'resolve web: no answer');

t.test('digest resolver: one question for many askers, and a memory that a person does not get', async (t) => {
  const answer = withResolvers<Digest>();
  let now = 0;
  let asked = 0;
  const resolver = new DigestResolver({
    head: () => ((asked += 1), answer.promise),
    askHost: () => Promise.resolve(null),
    now: () => now,
    rememberMs: 100,
  });

  const many = Array.from({ length: 50 }, () => resolver.resolve('r.test/web:1', false));
  answer.resolve(digest('a'));
  t.same(new Set(await Promise.all(many)), new Set([digest('a')]));
  t.equal(asked, 1);
  now = 99;
  await resolver.resolve('r.test/web:1', false);
  t.equal(asked, 1, 'remembered');
  await resolver.resolve('r.test/web:1', true);
  t.equal(asked, 2, 'a person asks anew');
  now = 300;
  await resolver.resolve('r.test/web:1', false);
  t.equal(asked, 3, 'forgotten');
  t.equal(await resolver.resolve(`r.test/web@${digest('c')}`, true), digest('c'));
  t.equal(asked, 3, 'a digest needs no answer');
});

t.test('digest resolver: asks a host where the registry cannot be reached, and only then', async (t) => {
  const make = (error: LongshoreError, fromHost: Promise<Digest | null>) =>
    new DigestResolver({ head: () => Promise.reject(error), askHost: () => fromHost, now: () => 0, rememberMs: 0 });
  t.equal(await make(unavailable, Promise.resolve(digest('b'))).resolve('r.test/web', true), digest('b'));
  await t.rejects(make(unavailable, Promise.resolve(null)).resolve('r.test/web', true), {
    code: 'REGISTRY_UNAVAILABLE',
  });
  const denied = new LongshoreError('REGISTRY_DENIED', 'resolve web: 401');
  await t.rejects(make(denied, Promise.resolve(digest('b'))).resolve('r.test/web', true), { code: 'REGISTRY_DENIED' });
  const offline = Promise.reject<Digest>(new LongshoreError('HOST_OFFLINE', 'a is away'));
  await t.rejects(make(unavailable, offline).resolve('r.test/web', true), { code: 'REGISTRY_UNAVAILABLE' });
  const silent = Promise.reject<Digest>(new LongshoreError('TIMEOUT', 'a: no answer in 30 s'));
  await t.rejects(make(unavailable, silent).resolve('r.test/web', true), { code: 'REGISTRY_UNAVAILABLE' });
  const missing = Promise.reject<Digest>(new LongshoreError('IMAGE_NOT_FOUND', 'none'));
  await t.rejects(make(unavailable, missing).resolve('r.test/web', true), { code: 'IMAGE_NOT_FOUND' });
});

t.test('resolvingHost: a host that runs the image, and any other only where nobody does', async (t) => {
  const release = {
    app: appName('shop'),
    number: 1,
    spec: anAppSpec({
      services: {
        web: aService({ image: { reference: 'r.test/web:1', digest: digest('a'), pull: 'always', platform: null } }),
      },
    }),
  };
  const run = { kind: 'run', app: appName('shop'), release: 1 };
  const store = {
    currentReleases: () => Promise.resolve([{ release, deployment: null }]),
    targetsOfApp: () => Promise.resolve([hostId(2), hostId(3)].map((host) => ({ ...run, host }))),
  } as unknown as ResolvingHostOptions['store'];
  const ask = (reference: string, ...hosts: readonly HostId[]): Promise<HostId | null> =>
    resolvingHost(reference, { store, connectedHosts: () => hosts });
  t.equal(await ask('r.test/web:1', hostId(1), hostId(3)), hostId(3));
  t.equal(await ask('r.test/new:1', hostId(1), hostId(3)), hostId(3), 'it has the credential of that registry');
  t.equal(await ask('r2.test/new:1', hostId(1), hostId(3)), hostId(1), 'a registry that no app uses yet');
  t.equal(await ask('r.test/web:1', hostId(1)), hostId(1), 'nobody who runs it is there');
  t.equal(await ask('r.test/web:1'), null);
});

t.test('digest resolver: a failure is not remembered', async (t) => {
  let fail = true;
  const resolver = new DigestResolver({
    head: () => (fail ? Promise.reject(unavailable) : Promise.resolve(digest('a'))),
    askHost: () => Promise.resolve(null),
    now: () => 0,
    rememberMs: 1_000,
  });
  await t.rejects(resolver.resolve('r.test/web', false), { code: 'REGISTRY_UNAVAILABLE' });
  fail = false;
  t.equal(await resolver.resolve('r.test/web', false), digest('a'));
});
