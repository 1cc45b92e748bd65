// What an edit of fleet.yaml changes: by comparing what is written for Terraform before and after. That nothing else
// differs is the claim; which arguments replace a resource, the provider says (test/infra/plan.test.ts).
import t from 'tap';
import { fleetOf } from './support/fleets.ts';
import { programsIn, synthesise, type SynthesisOptions, type Values } from './support/synthesised.ts';

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
  t.same(removed, [
    'google_artifact_registry_repository_iam_member.registry_pull-edge',
    'google_compute_address.pool-edge_single_address',
    'google_compute_firewall.firewall_edge-ingress',
    'google_compute_instance.pool-edge_single_europe-west4-b-1',
    'google_service_account.account-edge_account',
    'google_storage_bucket_iam_member.bucket-access-edge_read',
  ]);
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
  t.same(removed, [
    'google_compute_address.pool-web_balancer_address',
    'google_compute_forwarding_rule.pool-web_balancer_rule',
    'google_compute_region_backend_service.pool-web_balancer_backend',
    'google_compute_region_health_check.pool-web_balancer_probe',
  ]);
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
  t.same(changed, [
    'google_compute_instance_template.pool-web_of_template: disk',
    'google_compute_resource_policy.coordinator-disk_daily: snapshot_schedule_policy',
  ]);
  t.end();
});

t.test('what takes the place of something else has another name: both are there for a while', (t) => {
  const clash = (before: string, after: string): readonly string[] => {
    const old = synthesise(fleetOf(before)).resources;
    const fresh = synthesise(fleetOf(after)).resources;
    return [...fresh]
      .filter(([address]) => !old.has(address))
      .flatMap(([address, values]) => namesOf(address, values).map((name) => [address, name] as const))
      .filter(([, name]) =>
        [...old].some(([address, values]) => !fresh.has(address) && namesOf(address, values).includes(name)),
      )
      .map(([address, name]) => `${address}: ${name}`);
  };
  const single = 'count: 1, kind: single';
  const lines: readonly (readonly [string, string])[] = [
    [`${single}, ingress: address`, `${single}, ingress: network-lb`],
    [`${single}, ingress: network-lb`, 'count: 1, kind: group, ingress: network-lb'],
    [`${single}, ingress: network-lb`, `${single}, ingress: { https_lb: { domains: [www.example.com] } }`],
  ];
  const withEdge = (text: string): string => with_('edge: { count: 1, kind: single }', `edge: { ${text} }`);
  for (const [a, b] of lines) {
    t.ok(difference(withEdge(a), withEdge(b)).added.length > 0, `${a} to ${b}`);
    t.same([...clash(withEdge(a), withEdge(b)), ...clash(withEdge(b), withEdge(a))], []);
  }
  t.end();
});

/** Google's, with the collection and the place that they are unique in. A managed group makes an unmanaged one too. */
function namesOf(address: string, values: Values): readonly string[] {
  const type = address.slice(0, address.indexOf('.')).replace('_group_manager', '_group');
  return typeof values['name'] === 'string'
    ? [`${type} ${values['name']} ${JSON.stringify(values['zone'] ?? values['region'] ?? '')}`]
    : [];
}

t.test('what others name and may outlive goes after them', (t) => {
  const { resources } = synthesise(
    fleetOf(
      `${FLEET.replace('count: 3', 'count: 3\n    autohealing: true')}  own: { count: 1, kind: single, ingress: network-lb, volumes_disk_gb: 10 }
monitoring: { alert_email: ops@example.com }
`,
    ),
  );
  for (const address of [
    'google_compute_instance_group_manager.pool-web_group_europe-west4-a',
    'google_compute_health_check.pool-web_healing_alive',
    'google_compute_instance_group.pool-own_group_europe-west4-b',
    'google_compute_disk.pool-own_single_europe-west4-b-1-volumes',
    'google_compute_address.pool-edge_single_address',
    'google_monitoring_notification_channel.watch_mail',
    'google_monitoring_uptime_check_config.watch_uptime',
  ])
    t.match(resources.get(address), { lifecycle: { create_before_destroy: true } }, address);
  t.end();
});
