import t from 'tap';
import { because } from '../../../../coordinator/release/because.ts';
import { instanceContent } from '../../../../fleet/instance-content.ts';
import { digestInReference, pinImages } from '../../../../coordinator/release/pin-images.ts';
import { planHash, planHosts } from '../../../../coordinator/release/plan-release.ts';
import { specHashes } from '../../../../coordinator/release/spec-hash.ts';
import type { AppSpec, ServiceSpec } from '../../../../fleet/app-spec.ts';
import type { Release } from '../../../../fleet/release.ts';
import type { AppReport, InstanceReport } from '../../../../fleet/report.ts';
import { aRelease, aService, anAppReport, anAppSpec, digest, hostId, specHash } from '../../../support/app-builders.ts';
import { instanceId } from '../../../support/agent-planning.ts';
import { aTarget } from '../../../support/store-scenes.ts';

const use = { secret: 'db', as: 'file' as const, target: '/run/secrets/db', uid: null, gid: null, mode: null };
const rich = aService({
  environment: { A: '1' },
  secrets: [use],
  configs: [{ config: 'nginx', target: '/etc/nginx.conf', uid: null, gid: null, mode: null }],
  mounts: [{ kind: 'volume', volume: 'data', target: '/data', readOnly: false }],
});
const specOf = (web: Partial<ServiceSpec> = {}, fields: Partial<AppSpec> = {}): AppSpec =>
  anAppSpec({
    services: { web: { ...rich, ...web } },
    configs: { nginx: { content: 'one' } },
    secrets: { db: { name: 'db' } },
    volumes: { data: { external: false, name: null, driver: null, driverOpts: {}, labels: {} } },
    ...fields,
  });
const hashOf = (spec: AppSpec, versions: Record<string, number> = { db: 1 }): string =>
  specHashes(spec, versions).web ?? '';

t.test('spec hash: has its form, and does not depend on the order of keys', (t) => {
  const hash = hashOf(specOf());
  t.match(hash, /^h1:[0-9a-f]{64}$/);
  const turned = JSON.parse(
    JSON.stringify(specOf(), (_key, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    ),
  ) as AppSpec;
  t.equal(hashOf(turned), hash);
  t.end();
});

t.test('spec hash: changes with what is built into the container', (t) => {
  const hash = hashOf(specOf());
  const image = (letter: string) => ({ ...rich.image, digest: digest(letter) });
  t.not(hashOf(specOf({ image: image('b') })), hash, 'digest');
  t.not(hashOf(specOf({ environment: { A: '2' } })), hash, 'environment');
  t.not(hashOf(specOf({ probe: { ...rich.probe, retries: 9 } })), hash, 'probe');
  t.not(hashOf(specOf(), { db: 2 }), hash, 'secret version');
  t.not(hashOf(specOf({}, { configs: { nginx: { content: 'two' } } })), hash, 'content of a config');
  t.not(hashOf(specOf({}, { secrets: { db: { name: 'other' } } })), hash, 'which secret');
  t.not(
    hashOf(specOf({}, { volumes: { data: { external: true, name: 'x', driver: null, driverOpts: {}, labels: {} } } })),
    hash,
    'which volume',
  );
  t.end();
});

t.test('spec hash: stays where nothing in the container is another', (t) => {
  const hash = hashOf(specOf());
  const route = { host: '*', path: '/', port: 80, tls: 'off' as const, weight: 1, stripPrefix: false };
  t.equal(
    hashOf(specOf({ image: { ...rich.image, reference: 'other/name:2', pull: 'if-missing' } })),
    hash,
    'name of the image',
  );
  t.equal(
    hashOf(
      specOf({
        replicas: 3,
        order: 'stop-first',
        ingress: [route],
        dependsOn: { x: 'healthy' },
        gate: { minHealthyMs: 9, healthyDeadlineMs: 9, progressDeadlineMs: 9 },
      }),
    ),
    hash,
  );
  t.equal(
    hashOf(
      specOf(
        {},
        {
          rollout: { ...specOf().rollout, monitorMs: 99 },
          configs: { nginx: { content: 'one' }, unused: { content: 'x' } },
        },
      ),
    ),
    hash,
  );
  t.equal(hashOf(specOf(), { db: 1, unused: 5 }), hash, 'a secret that the service does not use');
  t.end();
});

t.test('pinning: digests by service; a reference may name its own', (t) => {
  const spec = specOf({ image: { reference: 'web:1', digest: null, pull: 'always', platform: null } });
  t.throws(() => specHashes(spec, {}), /not pinned/);
  t.equal(pinImages(spec, { web: digest('c') }).services.web?.image.digest, digest('c'));
  t.equal(spec.services.web?.image.digest, null, 'what was given is not changed');
  t.equal(digestInReference(`web@${digest('d')}`), digest('d'));
  t.equal(digestInReference('web:1'), null);
  t.end();
});

t.test('because: names the keys as the app file has them', (t) => {
  const content = (spec: AppSpec, versions = { db: 1 }) => {
    const { web } = spec.services;
    if (web === undefined) throw new Error('no service');
    return instanceContent(spec, 'web', web, versions);
  };
  const before = content(specOf({ environment: { A: '1', B: '1' } }));
  t.same(because(before, before), []);
  t.same(because(before, content(specOf({ environment: { A: '2', C: '1' } }))), [
    'environment.A',
    'environment.B',
    'environment.C',
  ]);
  t.same(because(before, content(specOf({ environment: { A: '1', B: '1' } }), { db: 2 })), ['secrets.db']);
  const other = specOf(
    {
      environment: { A: '1', B: '1' },
      image: { ...rich.image, digest: digest('e') },
      command: ['x'],
      stopGraceMs: 1,
      probe: { ...rich.probe, retries: 7 },
    },
    { configs: { nginx: { content: 'two' } } },
  );
  t.same(because(before, content(other)), ['command', 'configs.nginx', 'healthcheck', 'image', 'stop_grace_period']);
  t.end();
});

const release = (number: number, spec: AppSpec): Release =>
  aRelease({ number, spec, hashes: specHashes(spec, { db: 1 }), secretVersions: { db: 1 } });

t.test('plan: creates, replaces, keeps and removes, replica by replica', (t) => {
  const old = release(1, specOf());
  const changed = specOf({ environment: { A: '2' } });
  const next = { spec: changed, hashes: specHashes(changed, { db: 1 }), secretVersions: { db: 1 } };
  const [a, b, c] = [hostId(1), hostId(2), hostId(3)];
  const targets = [aTarget(a, 1, { replicas: { web: 2 } }), aTarget(b, 1, { replicas: { web: 1, gone: 1 } })];

  const plans = planHosts(next, { [a]: { web: 1 }, [c]: { web: 2 } }, targets, new Map([[1, old]]), new Map());
  t.same(plans.get(a), [
    { service: 'web', replica: 1, action: 'replace', because: ['environment.A'] },
    { service: 'web', replica: 2, action: 'remove', because: [] },
  ]);
  t.same(
    plans.get(b)?.map((change) => `${change.action} ${change.service}`),
    ['remove gone', 'remove web'],
  );
  t.same(
    plans.get(c)?.map((change) => change.action),
    ['create', 'create'],
  );
  const same = planHosts(
    { ...next, spec: old.spec, hashes: old.hashes },
    { [a]: { web: 3 } },
    targets,
    new Map([[1, old]]),
    new Map(),
  );
  t.same(
    same.get(a)?.map((change) => change.action),
    ['keep', 'keep', 'create'],
  );
  const unknown = planHosts(next, { [a]: { web: 1 } }, targets, new Map(), new Map());
  t.match(unknown.get(a)?.[0], { action: 'replace', because: ['its release is not kept any more'] });
  t.end();
});

t.test('plan: compares with what runs, not with what was ordered', (t) => {
  const spec = specOf();
  const next = { spec, hashes: specHashes(spec, { db: 1 }), secretVersions: { db: 1 } };
  const old = release(1, specOf({ environment: { A: '0' } }));
  const host = hostId(1);
  const planned = (number: number, report: Partial<AppReport>): readonly string[] => {
    const targets = [aTarget(host, number, { replicas: { web: 1 } })];
    const releases = new Map([
      [1, old],
      [2, release(2, spec)],
    ]);
    const reports = new Map([[host, anAppReport({ instances: [], ...report })]]);
    const changes = planHosts(next, { [host]: { web: 1 } }, targets, releases, reports).get(host) ?? [];
    return changes.map((change) => [change.action, `${change.service}.${change.replica}`, ...change.because].join(' '));
  };
  const anInstance = (of: Pick<Release, 'hashes'>, fields: Partial<InstanceReport>): InstanceReport => ({
    id: instanceId(1),
    service: 'web',
    replica: 1,
    hash: of.hashes.web ?? specHash('0'),
    release: 1,
    state: 'healthy',
    routed: true,
    restarts: 0,
    startedAt: null,
    detail: null,
    ...fields,
  });
  const anOld = anInstance(old, {});
  const aNew = anInstance(next, { release: 2, state: 'starting', routed: false });

  t.same(planned(2, { release: null }), ['create web.1'], 'a first release that failed');
  t.same(
    planned(2, { release: null, instances: [{ ...aNew, state: 'exited' }] }),
    ['create web.1'],
    'what is left of it',
  );
  t.same(planned(2, { release: 1, instances: [anOld] }), ['replace web.1 environment.A'], 'one that has not moved yet');
  t.same(planned(2, { release: 1, instances: [aNew, anOld] }), ['keep web.1'], 'one that moves now');
  t.same(planned(2, { release: 2 }), ['keep web.1'], 'one whose container its agent makes again');
  t.end();
});

t.test('plan: its hash says whether anything that counts differs', (t) => {
  const view = {
    base: 1,
    images: { web: { reference: 'web:1', digest: digest('a') } },
    secretVersions: {},
    hosts: [{ host: hostId(1), name: 'a', connected: true, changes: [] }],
  };
  const placement = { [hostId(1)]: { web: 1 } };
  const waves = [[hostId(1)], [hostId(2)]];
  const hash = planHash(view, placement, waves, specOf());
  t.equal(
    planHash(
      { ...view, hosts: [{ host: hostId(1), name: 'renamed', connected: false, changes: [] }] },
      placement,
      waves,
      specOf(),
    ),
    hash,
    'a name or a connection does not',
  );
  t.not(planHash({ ...view, base: 2 }, placement, waves, specOf()), hash);
  t.not(planHash(view, { [hostId(1)]: { web: 2 } }, waves, specOf()), hash);
  t.not(planHash(view, placement, [...waves].reverse(), specOf()), hash, 'another canary');
  t.not(planHash(view, placement, waves, specOf({ replicas: 2 })), hash);
  t.end();
});
