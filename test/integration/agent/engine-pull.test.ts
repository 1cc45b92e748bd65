// Pulls through the real engine from registries that want logins, are broken, slow or hold what does not fit.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tar from 'tar-stream';
import t, { type Test } from 'tap';
import type { ContainerEngine } from '../../../agent/engine/container-engine.ts';
import { dockerConfigCredentials } from '../../../agent/engine/docker-config-file.ts';
import type { CredentialSource } from '../../../agent/engine/registry-auth.ts';
import type { FreeBytes } from '../../../agent/engine/space-check.ts';
import type { LongshoreError } from '../../../fleet/errors.ts';
import type { Digest } from '../../../fleet/ids.ts';
import { engineForTests, needed } from '../../support/engine.ts';
import { pushImage, realEngine, realScene, type OfferedImage } from '../../support/engine-scenes.ts';
import { gatedRegistry, type GatedRegistry } from '../../support/gated-registry.ts';

const { engine: machine, skip } = await engineForTests();
const never = new AbortController().signal;
const MIB = 1024 ** 2;

interface Stage {
  readonly registry: GatedRegistry;
  /** What is in the real registry, by the gate's name. */
  readonly image: OfferedImage;
  readonly engine: (options?: {
    readonly credentials?: CredentialSource;
    readonly freeBytes?: FreeBytes;
  }) => ContainerEngine;
}

async function stage(t: Test): Promise<Stage> {
  const real = needed(machine);
  const registry = await gatedRegistry(real.registry);
  const scene = realScene(real);
  t.teardown(async () => {
    await scene.close();
    await registry.close();
  });
  const offered = await scene.offer('runs');
  const image = { ...offered, reference: offered.reference.replace(real.registry, registry.host) };
  return { registry, image, engine: (options) => realEngine(scene.host, options) };
}

const pull = (engine: ContainerEngine, image: OfferedImage, signal = never): Promise<unknown> =>
  engine.pullImage(image, () => undefined, signal);

t.test('pull: a registry that wants a login is refused without, and served with one', { skip }, async (t) => {
  const { registry, image, engine } = await stage(t);
  registry.answer = { kind: 'login', username: 'anna', password: 'right' };
  const credential = (password: string) => async () => ({ username: 'anna', password, identityToken: null });

  await t.rejects(pull(engine(), image), { code: 'REGISTRY_DENIED' });
  await t.rejects(pull(engine({ credentials: credential('wrong') }), image), { code: 'REGISTRY_DENIED' });
  await pull(engine({ credentials: credential('right') }), image);

  t.ok(await engine().findImage(image));
});

t.test("pull: the login comes from the agent user's Docker configuration, or from its helper", { skip }, async (t) => {
  const { registry, image, engine } = await stage(t);
  registry.answer = { kind: 'login', username: 'anna', password: 'right' };
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const config = path.join(folder, 'config.json');
  const withConfig = (content: unknown): ContainerEngine => {
    writeFileSync(config, JSON.stringify(content));
    return engine({ credentials: dockerConfigCredentials(config) });
  };
  const auth = Buffer.from('anna:right').toString('base64');

  await pull(withConfig({ auths: { [registry.host]: { auth } } }), image);
  t.ok(await engine().findImage(image), 'by the file');

  const helper = path.join(folder, 'docker-credential-longshoretest');
  const answer = `read server; if [ "$1 $server" = "get ${registry.host}" ]; then echo '{"Username":"anna","Secret":"right"}'; else echo 'credentials not found in native keychain'; exit 1; fi`;
  writeFileSync(helper, `#!/bin/sh\n${answer}\n`);
  chmodSync(helper, 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before ?? ''}`;
  t.teardown(() => (process.env.PATH = before));
  const find = dockerConfigCredentials(config);
  writeFileSync(config, JSON.stringify({ credHelpers: { [registry.host]: 'longshoretest' } }));
  t.same(
    await find(registry.host, never),
    { username: 'anna', password: 'right', identityToken: null },
    'by the helper',
  );
  writeFileSync(config, JSON.stringify({ credsStore: 'longshoretest' }));
  t.equal(await find('other.test', never), null, 'which has none for another registry');
  writeFileSync(config, JSON.stringify({ credsStore: 'is-not-installed' }));
  await t.rejects(find(registry.host, never), {
    code: 'REGISTRY_DENIED',
    message: /docker-credential-is-not-installed/,
  });
  writeFileSync(config, '{ broken');
  await t.rejects(find(registry.host, never), { code: 'REGISTRY_DENIED', message: /config\.json/ });
});

t.test('pull: what the registry answers has its code', { skip }, async (t) => {
  const { registry, image, engine } = await stage(t);

  registry.answer = { kind: 'status', status: 429, code: 'TOOMANYREQUESTS' };
  await t.rejects(pull(engine(), image), { code: 'REGISTRY_RATE_LIMITED' });
  registry.answer = { kind: 'status', status: 404, code: 'MANIFEST_UNKNOWN' };
  await t.rejects(pull(engine(), image), { code: 'IMAGE_NOT_FOUND' });
  registry.answer = { kind: 'status', status: 403, code: 'DENIED' };
  await t.rejects(pull(engine(), image), { code: 'REGISTRY_DENIED' });
  registry.answer = { kind: 'status', status: 503, code: 'UNAVAILABLE' };
  await t.rejects(pull(engine(), image), { code: 'REGISTRY_UNAVAILABLE' });
  await registry.close();
  await t.rejects(pull(engine(), image), { code: 'REGISTRY_UNAVAILABLE' }, 'nobody listens');
});

t.test('pull: one that is called off ends at once', { skip }, async (t) => {
  const { registry, image, engine } = await stage(t);
  registry.answer = { kind: 'stall' };
  const large = await bigImage(t, registry.host, image.reference);
  const stop = new AbortController();
  const call = engine().pullImage(large, () => stop.abort(), stop.signal);

  await t.rejects(call, { name: 'AbortError' });
});

t.test('pull: what does not fit is refused before it begins, with both sizes', { skip }, async (t) => {
  const { registry, image, engine } = await stage(t);
  const large = await bigImage(t, registry.host, image.reference);

  const refused = await pull(engine({ freeBytes: async () => 100 * MIB }), large).then(
    () => null,
    (error: unknown) => error as LongshoreError,
  );

  t.equal(refused?.code, 'NO_SPACE');
  t.match(refused?.message, /needs about 2\d\d MiB and 100 MiB are free in \//);
  t.notOk(
    registry.requests.some((request) => request.includes('/blobs/') && !isConfig(request, registry)),
    'no layer was asked for',
  );
  await pull(engine({ freeBytes: async () => 10_000 * MIB }), large);
});

t.test(
  'pull: an unknown size or disk is no reason to refuse, and with much room nobody is asked',
  { skip },
  async (t) => {
    const { registry, image, engine } = await stage(t);

    await pull(engine({ freeBytes: async () => null }), image);
    registry.answer = { kind: 'status', status: 503, code: 'UNAVAILABLE' };
    const asked = registry.requests.length;
    await t.rejects(
      pull(engine({ freeBytes: async () => 0 }), { ...image, digest: `sha256:${'e'.repeat(64)}` as Digest }),
      {
        code: 'REGISTRY_UNAVAILABLE',
      },
      'the engine is asked all the same',
    );
    t.ok(registry.requests.length > asked);
  },
);

t.test('pull: an image for another platform is refused and not kept', { skip }, async (t) => {
  const { registry, image, engine } = await stage(t);
  const foreign = await forPlatform(image, 's390x', registry.host);

  await t.rejects(pull(engine(), foreign), { code: 'IMAGE_PLATFORM', message: /linux\/s390x/ });

  t.equal(await engine().findImage(foreign), null);
});

/** Only the configuration, which is small, may be asked for by the agent; it is asked for before any layer. */
function isConfig(request: string, registry: GatedRegistry): boolean {
  return registry.requests.filter((each) => each.includes('/blobs/')).indexOf(request) === 0;
}

/** An image of one layer that nothing else on this machine has, in the registry and not on the disk. */
async function bigImage(t: Test, host: string, reference: string): Promise<OfferedImage> {
  const { docker, registry } = needed(machine);
  const pack = tar.pack();
  pack.entry({ name: 'noise' }, randomBytes(200_000));
  pack.finalize();
  const tag = randomBytes(4).toString('hex');
  const name = reference.replace(/:[^/]*$/, '').replace(host, registry);
  const options = { fromSrc: '-', repo: name, tag };
  const stream = await docker.importImage(pack as unknown as NodeJS.ReadableStream, options);
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) => (error ? reject(error) : resolve()));
  });
  const digest = await pushImage(needed(machine), name.slice(registry.length + 1), tag);
  await docker.getImage(`${name}:${tag}`).remove();
  t.teardown(() =>
    docker
      .getImage(`${name.replace(registry, host)}@${digest}`)
      .remove()
      .catch(() => undefined),
  );
  return { reference: `${name.replace(registry, host)}:${tag}`, digest, platform: null, command: ['true'] };
}

/** The same image as if it was made for another machine, straight into the registry. */
async function forPlatform(image: OfferedImage, architecture: string, host: string): Promise<OfferedImage> {
  const { registry } = needed(machine);
  const base = `http://${registry}/v2/${image.reference.slice(host.length + 1).replace(/:.*$/, '')}`;
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = (await (
    await fetch(`${base}/manifests/${image.digest}`, {
      headers: { accept: `${type}, application/vnd.oci.image.manifest.v1+json` },
    })
  ).json()) as { mediaType?: string; config: { digest: string; size: number } };
  const config = (await (await fetch(`${base}/blobs/${manifest.config.digest}`)).json()) as object;
  const blob = JSON.stringify({ ...config, architecture });
  const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
  const upload = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(upload.headers.get('location') ?? '', base);
  place.searchParams.set('digest', digest);
  await fetch(place, { method: 'PUT', body: blob, headers: { 'content-type': 'application/octet-stream' } });
  const body = JSON.stringify({ ...manifest, config: { ...manifest.config, digest, size: blob.length } });
  const put = await fetch(`${base}/manifests/${architecture}`, {
    method: 'PUT',
    body,
    headers: { 'content-type': manifest.mediaType ?? type },
  });
  return { ...image, digest: put.headers.get('docker-content-digest') as Digest };
}
