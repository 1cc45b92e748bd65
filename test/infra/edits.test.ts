// What an edit of fleet.yaml changes: by comparing what is written for Terraform before and after. That nothing else
// differs is the claim; which arguments replace a resource, the provider says (test/infra/plan.test.ts).
import t from 'tap';
import { fleetOf } from './support/fleets.ts';
import { programsIn, synthesise, type SynthesisOptions } from './support/synthesised.ts';

const FLEET = `
name: shop
project: some-project
region: europe-west4
regions: [europe-west4, us-central1]
pools:
  web:
    count: 3
    zones: [europe-west4-a, europe-west4-b]
    labels: { tier: web }
  edge: { count: 1, kind: single }
`;

interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** `address: keys` */
  readonly changed: readonly string[];
}

function difference(before: string, after: string, options: SynthesisOptions = {}): Difference {
  const old = synthesise(fleetOf(before)).resources;
  const fresh = synthesise(fleetOf(after), options).resources;
  return {
    added: [...fresh.keys()].filter((address) => !old.has(address)).sort(),
    removed: [...old.keys()].filter((address) => !fresh.has(address)).sort(),
    changed: [...fresh]
      .flatMap(([address, values]) => {
        const was = old.get(address);
        if (was === undefined) return [];
        const keys = [...new Set([...Object.keys(values), ...Object.keys(was)])].filter(
          (key) => JSON.stringify(values[key]) !== JSON.stringify(was[key]),
        );
        return keys.length === 0 ? [] : [`${address}: ${keys.sort().join(', ')}`];
      })
      .sort(),
  };
}

const MANIFEST = 'google_storage_bucket_object.record_manifest: content';
const with_ = (from: string, to: string): string => {
  if (!FLEET.includes(from)) throw new Error(`the fleet has no "${from}"`);
  return FLEET.replace(from, to);
};

t.test('nothing: nothing', (t) => {
  t.same(difference(FLEET, FLEET), { added: [], removed: [], changed: [] });
  t.end();
});

t.test('one machine more: the size of one group', (t) => {
  t.same(difference(FLEET, with_('count: 3', 'count: 4')), {
    added: [],
    removed: [],
    changed: ['google_compute_instance_group_manager.pool-web_group_europe-west4-b: target_size'],
  });
  t.end();
});

t.test('another zone: a group more, the sizes, and the balancer knows it', (t) => {
  t.same(difference(FLEET, with_('europe-west4-b]', 'europe-west4-b, europe-west4-c]')), {
    added: ['google_compute_instance_group_manager.pool-web_group_europe-west4-c'],
    removed: [],
    changed: [
      'google_compute_instance_group_manager.pool-web_group_europe-west4-a: target_size',
      'google_compute_region_backend_service.pool-web_balancer_backend: backend',
      MANIFEST,
    ],
  });
  t.end();
});

t.test('a bigger machine: another template; groups and machines stay', (t) => {
  t.same(difference(FLEET, with_('count: 3', 'count: 3\n    machine: e2-standard-4')), {
    added: [],
    removed: [],
    changed: ['google_compute_instance_template.pool-web_of_template: machine_type'],
  });
  t.end();
});

t.test('labels of hosts: what the coordinator reads, and no machine', (t) => {
  t.same(difference(FLEET, with_('tier: web', 'tier: front, canary: yes')), {
    added: [],
    removed: [],
    changed: [MANIFEST],
  });
  t.end();
});

t.test('another version of Longshore: programs and channels, and no machine', (t) => {
  t.same(difference(FLEET, FLEET, { programs: programsIn('/nowhere', '1') }), {
    added: [],
    removed: [],
    changed: ['agent-arm64', 'agent-x64', 'coordinator-x64']
      .flatMap((name) => [
        `google_storage_bucket_object.programs_${name}: name`,
        `google_storage_bucket_object.programs_${name}-channel: content`,
      ])
      .sort(),
  });
  t.end();
});

t.test('another pool: its own resources, and what the coordinator reads', (t) => {
  const { added, removed, changed } = difference(FLEET, `${FLEET}  work: { count: 2, ingress: none }\n`);
  t.same(removed, []);
  t.same(changed, [MANIFEST]);
  t.same(added, [
    'google_artifact_registry_repository_iam_member.registry_pull-work',
    'google_compute_instance_group_manager.pool-work_group_europe-west4-b',
    'google_compute_instance_template.pool-work_of_template',
    'google_service_account.account-work_account',
    'google_storage_bucket_iam_member.bucket-access-work_read',
  ]);
  t.end();
});

t.test('a pool that goes: only what is its own goes', (t) => {
  const { added, removed, changed } = difference(FLEET, with_('  edge: { count: 1, kind: single }\n', ''));
  t.same(added, []);
  t.same(changed, [MANIFEST]);
  for (const address of removed) t.match(address, /edge/);
  t.end();
});

t.test('a further region: a subnet', (t) => {
  t.same(difference(FLEET, with_('us-central1]', 'us-central1, asia-east1]')), {
    added: ['google_compute_subnetwork.network_asia-east1'],
    removed: [],
    changed: [],
  });
  t.end();
});

t.test('a web balancer instead of the other: no group and no machine goes', (t) => {
  const { removed, changed } = difference(
    FLEET,
    with_('count: 3', 'count: 3\n    ingress: { https_lb: { domains: [www.example.com] } }'),
  );
  for (const address of removed) t.match(address, /\.pool-web_balancer_/);
  t.same(
    changed.map((line) => line.replace(/:.*$/, '')),
    [
      'google_compute_firewall.firewall_web-ingress',
      'google_compute_firewall.firewall_web-probes',
      // Whom to believe about who asked; for machines that are made from now on.
      'google_compute_instance_template.pool-web_of_template',
    ],
  );
  t.end();
});

t.test('labels in bills: in the provider, and no instance is replaced for one', (t) => {
  const { added, removed, changed } = difference(FLEET, `${FLEET}\nlabels: { team: web }\n`);
  t.same({ added, removed }, { added: [], removed: [] });
  // Boot disks of instances keep what they were made with: a label there would replace the machine.
  for (const address of changed) t.notMatch(address, /^google_compute_instance\./);
  t.end();
});
