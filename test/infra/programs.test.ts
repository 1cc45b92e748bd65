// The bucket: programs by checksum, channels, and what the coordinator is told.
import t from 'tap';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { asList, asValues, block, one, programsIn, synthesise } from './support/synthesised.ts';

const full = synthesise(fleetOf(FULL_FLEET));
const objects = full.of('storage_bucket_object');

t.test('bucket: private, versioned, uniform; destroyed with its content only without protection', (t) => {
  const bucket = one(full.of('storage_bucket'), 'programs_bucket');
  t.match(bucket, {
    name: 'some-project-shop-longshore',
    uniform_bucket_level_access: true,
    public_access_prevention: 'enforced',
    force_destroy: false,
  });
  t.equal(block(bucket, 'versioning')['enabled'], true);
  const loose = synthesise(fleetOf(`${SMALL_FLEET}\nprotect: false\n`));
  t.equal(one(loose.of('storage_bucket'), 'programs_bucket')['force_destroy'], true);
  t.end();
});

t.test('programs: under their checksum, from an absolute path, there before a channel names them', (t) => {
  for (const [channel, letter, file] of [
    ['coordinator-x64', 'c', 'longshore-coordinator-linux-x64.tar.gz'],
    ['agent-x64', 'a', 'longshore-agent-linux-x64.tar.gz'],
    ['agent-arm64', 'b', 'longshore-agent-linux-arm64.tar.gz'],
  ] as const) {
    const sha256 = letter.repeat(64);
    const program = one(objects, `programs_${channel}`);
    t.equal(program['name'], `programs/${sha256}/${file}`);
    t.equal(program['source'], `/nowhere/${file}`);
    t.match(program['lifecycle'], { create_before_destroy: true });
    const pointer = one(objects, `programs_${channel}-channel`);
    t.equal(pointer['name'], `channels/${channel}`);
    t.equal(pointer['content'], `${sha256}  programs/${sha256}/${file}\n`);
    t.same(pointer['depends_on'], [`google_storage_bucket_object.programs_${channel}`]);
  }
  t.end();
});

t.test('ingress image: hosts read it at run time, so that another one replaces no machine', (t) => {
  const pointer = (text: string): unknown =>
    one(synthesise(fleetOf(text)).of('storage_bucket_object'), 'programs_ingress-image-channel')['content'];
  t.equal(pointer(SMALL_FLEET), 'default\n');
  t.equal(pointer(`${SMALL_FLEET}\ningress_image: caddy:2.10.2\n`), 'caddy:2.10.2\n');
  t.end();
});

t.test('programs: a processor that nothing was built for has no channel', (t) => {
  const programs = programsIn('/nowhere');
  const { of } = synthesise(fleetOf(SMALL_FLEET), {
    programs: { ...programs, agents: { ...programs.agents, arm64: null } },
  });
  t.notOk([...of('storage_bucket_object').keys()].some((name) => name.includes('arm64')));
  t.end();
});

t.test('fleet.json: pools, their accounts, labels and zones, and the registry', (t) => {
  const record = one(objects, 'record_manifest');
  t.equal(record['name'], 'fleet.json');
  const manifest = asValues(JSON.parse(String(record['content'])));
  t.match(manifest, {
    version: 1,
    fleet: 'shop',
    project: 'some-project',
    projectNumber: '${google_storage_bucket.programs_bucket.project_number}',
    registry: { prefix: 'europe-west4-docker.pkg.dev/some-project/shop' },
  });
  const [web, site] = asList(manifest['pools']).map(asValues);
  t.same(web, {
    name: 'web',
    serviceAccount: '${google_service_account.account-web_account.email}',
    // Doubled for Terraform, which hands on what a person wrote.
    labels: { tier: 'web', odd: 'a $${b} %%{c}' },
    zones: ['europe-west4-a', 'europe-west4-b'],
  });
  t.same(site?.['zones'], ['us-central1-b']);
  t.end();
});

t.test('fleet.json: a fleet without a registry of its own says so', (t) => {
  const { of } = synthesise(fleetOf(`${SMALL_FLEET}\nregistry: false\n`));
  t.equal(of('artifact_registry_repository').size, 0);
  const content = String(one(of('storage_bucket_object'), 'record_manifest')['content']);
  t.equal(asValues(JSON.parse(content))['registry'], null);
  t.end();
});

t.test('registry: its clean-up takes only what has no tag, and never a kept release', (t) => {
  const registry = one(full.of('artifact_registry_repository'), 'registry_repository');
  t.match(registry, {
    format: 'DOCKER',
    location: 'europe-west4',
    repository_id: 'shop',
    cleanup_policy_dry_run: false,
  });
  t.same(registry['cleanup_policies'], [
    { id: 'delete-untagged', action: 'DELETE', condition: { tag_state: 'UNTAGGED', older_than: '2592000s' } },
    { id: 'keep-releases', action: 'KEEP', condition: { tag_state: 'TAGGED', tag_prefixes: ['keep-'] } },
  ]);
  t.end();
});
