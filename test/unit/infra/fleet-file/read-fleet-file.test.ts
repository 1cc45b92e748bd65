import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { checkFleetFile, readFleetFile } from '../../../../infra/fleet-file/read-fleet-file.ts';
import type { FleetConfig } from '../../../../infra/fleet-file/fleet-config.ts';

const least = ['name: shop', 'project: my-project-1', 'region: europe-west4'];

/** `LINE:COLUMN key: message` of everything that is wrong. */
function problems(...lines: readonly string[]): readonly string[] {
  const reading = checkFleetFile({ path: 'fleet.yaml', text: lines.join('\n') });
  if (reading.kind === 'ok') return [];
  return reading.problems.map(
    ({ path, line, column, message }) =>
      `${line ?? '?'}:${column ?? '?'} ${path.replace('fleet.yaml: ', '')}: ${message}`,
  );
}

function fleet(...lines: readonly string[]): FleetConfig {
  return readFleetFile({ path: 'fleet.yaml', text: [...least, ...lines].join('\n') });
}

/** One pool with these keys, in lines 4 and 5 and those that follow. */
const pool = (...lines: readonly string[]): readonly string[] => [
  ...least,
  'pools:',
  '  web:',
  ...lines.map((line) => `    ${line}`),
];

t.test('fleet file: the least that is a fleet gets every default', (t) => {
  const { coordinator, network, pools, registry, state, protect } = fleet('pools:', '  web: { count: 3 }');

  t.same(network, {
    range: '10.64.0.0/16',
    flowLogs: false,
    subnets: [{ region: 'europe-west4', range: '10.64.0.0/20' }],
  });
  t.match(coordinator, { zone: 'europe-west4-b', internalAddress: '10.64.0.10', domain: null, cloudSql: null });
  t.match(pools, [
    {
      name: 'web',
      region: 'europe-west4',
      zones: [{ zone: 'europe-west4-b', count: 3 }],
      kind: 'group',
      architecture: 'x64',
      diskType: 'pd-balanced',
      ingress: { kind: 'network-lb' },
      publicAddress: false,
      ssh: 'none',
    },
  ]);
  t.same(registry, { location: 'europe-west4', repository: 'shop', untaggedDays: 30 });
  t.equal(state, null);
  t.equal(protect, true);
  t.end();
});

t.test('fleet file: what depends on another key follows it', (t) => {
  const { pools } = fleet(
    'regions: [europe-west4, us-east1]',
    'pools:',
    '  arm: { count: 1, machine: c4a-standard-2 }',
    '  one: { count: 1, kind: single }',
    '  far: { count: 2, zones: [us-east1-d, us-east1-b] }',
    '  there: { count: 2, region: us-east1 }',
    '  text: { count: 1, labels: { version: 1.10, odd: yes } }',
  );

  t.match(pools[0], { architecture: 'arm64', diskType: 'hyperdisk-balanced' });
  t.match(pools[1], { ingress: { kind: 'address' }, publicAddress: true });
  t.match(pools[2], {
    region: 'us-east1',
    zones: [
      { zone: 'us-east1-d', count: 1 },
      { zone: 'us-east1-b', count: 1 },
    ],
  });
  t.match(pools[3], { region: 'us-east1', zones: [{ zone: 'us-east1-b' }] });
  t.same(pools[4]?.labels, { version: '1.10', odd: 'yes' }, 'labels are text as written');
  t.end();
});

t.test('fleet file: one mistake is one line, at its place', (t) => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'wrong region',
      ['name: a', 'project: my-project-1', 'region: europe-wst4', 'pools: {}'],
      /^3:9 region: .*did you mean "europe-west4"/,
    ],
    [
      'a zone for a region',
      ['name: a', 'project: my-project-1', 'region: us-east1-b', 'pools: {}'],
      /^3:9 region: .* is a zone; the region is "us-east1"/,
    ],
    [
      'zone outside of the region',
      pool('count: 1', 'zones: [europe-west4-a, us-east1-b]'),
      /^7:29 pools\.web\.zones\[1\]: .*lies outside europe-west4/,
    ],
    [
      'zone that does not exist',
      pool('count: 1', 'zones: [europe-west4-x]'),
      /^7:13 .*europe-west4 has europe-west4-a, europe-west4-b, europe-west4-c/,
    ],
    [
      'two coordinators without a database that both reach',
      [...pool('count: 1'), 'coordinator: { count: 2 }'],
      /coordinator\.count: is 2, which needs `cloud_sql`/,
    ],
    [
      'a zone for a standby that is not there',
      [...pool('count: 1'), 'coordinator: { standby_zone: europe-west4-a }'],
      /coordinator\.standby_zone: needs `count: 2`/,
    ],
    [
      'a standby in another region',
      [...pool('count: 1'), 'coordinator: { count: 2, cloud_sql: {}, standby_zone: us-east1-b }'],
      /coordinator\.standby_zone: lies outside europe-west4/,
    ],
    [
      'a key in another place than what it encrypts',
      [...pool('count: 1'), 'kms_key: projects/p-1/locations/us-east1/keyRings/r/cryptoKeys/k'],
      /kms_key: is in us-east1, and the bucket in europe-west4/,
    ],
    [
      'a key that is none',
      [...pool('count: 1'), 'kms_key: my-key'],
      /kms_key: is not a key of Cloud KMS, as projects\/P/,
    ],
    ['zone twice', pool('count: 1', 'zones: [europe-west4-a, europe-west4-a]'), /^7:29 .*is there twice/],
    ['region that has no subnet', pool('count: 1', 'region: us-east1'), /^7:13 .*regions: \[europe-west4, us-east1\]/],
    [
      'a snapshot for a machine that is not there',
      pool('count: 1', 'kind: single', 'volumes_disk_gb: 10', 'volumes_snapshots: { europe-west4-a-1: x }'),
      /^9:\d+ pools\.web\.volumes_snapshots\.europe-west4-a-1: this pool has no such machine; it has europe-west4-b-1$/,
    ],
    [
      'allowed from a pool that is not there',
      pool('count: 1', 'allow: [{ from: wep, ports: [80] }]'),
      /^7:21 pools\.web\.allow\[0\]\.from: "wep" is neither a pool .*did you mean "web"/,
    ],
    [
      'allowed from a host in a range',
      pool('count: 1', 'allow: [{ from: 10.1.2.3/8, ports: [80] }]'),
      /allow\[0\]\.from: "10\.1\.2\.3\/8" is not an IPv4 range that begins at its first address/,
    ],
    [
      'ports the wrong way round',
      pool('count: 1', 'allow: [{ from: web, ports: [9-8] }]'),
      /allow\[0\]\.ports\[0\]: is not a range of ports/,
    ],
    [
      'a source twice',
      pool('count: 1', 'allow: [{ from: web, ports: [1] }, { from: web, ports: [2] }]'),
      /allow\[1\]\.from: "web" is there twice/,
    ],
    [
      'a name of a coordinator that is not public',
      [...least, 'coordinator: { public: false, domain: a.example.com }', 'pools: {}'],
      /^4:24 coordinator\.public: is false, but `domain` needs/,
    ],
    [
      'asked from outside, and let nobody in',
      [...least, 'coordinator: { allow_from: [10.0.0.0/8] }', 'pools: {}', 'monitoring: { uptime_check: true }'],
      /^6:29 monitoring\.uptime_check: asks from the internet/,
    ],
    [
      'a snapshot for a group',
      pool('count: 1', 'volumes_disk_gb: 10', 'volumes_snapshots: { europe-west4-b-1: x }'),
      /volumes_snapshots: is for `kind: single`/,
    ],
    [
      'snapshots nowhere',
      [...least, 'snapshots: { location: europ }', 'pools: {}'],
      /^4:24 snapshots\.location: .*did you mean "europe"/,
    ],
    [
      'half past three',
      [...least, 'snapshots: { start: "03:30" }', 'pools: {}'],
      /snapshots\.start: must be a full hour/,
    ],
    ['size 0', pool('count: 0'), /^6:12 pools\.web\.count: must be at least 1$/],
    ['half a machine', pool('count: 1.5'), /^6:12 pools\.web\.count: must be a whole number$/],
    ['no size', pool('spot: true'), /^5:3 pools\.web\.count: is missing$/],
    ['range of sizes', pool('count: 2', 'max: 5'), /^7:10 pools\.web\.max: .*autoscaler.*`count: N`/],
    [
      'unknown key with a near one',
      pool('count: 2', 'machin: e2-small'),
      /^7:13 pools\.web\.machin: is not a key of web \(did you mean "machine"\?\)/,
    ],
    [
      'unknown key of the file',
      [...least, 'pools: {}', 'frobnicate: 1'],
      /^5:13 frobnicate: is not a key of the fleet file$/,
    ],
    ['key twice', [...least, 'pools: {}', 'name: b'], /^5:1 name: .*twice, first in line 1/],
    ['empty key', [...least, 'pools: {}', 'labels:'], /^5:1 labels: is empty/],
    ['list where keys belong', [...least, 'pools: [a]'], /^4:1 pools: must hold keys of its own/],
    ['text where a list belongs', [...least, 'pools: {}', 'regions: europe-west4'], /^5:10 regions: must be a list/],
    [
      'name too long',
      ['name: abcdefghijklmnopqrstu', ...least.slice(1), 'pools: {}'],
      /^1:7 name: is longer than the 20/,
    ],
    [
      'name of 63 and more',
      [...least, 'pools:', `  ${'a'.repeat(64)}: { count: 1 }`],
      /^5:3 pools\.a+: the name "a+" is longer than the 20/,
    ],
    [
      'fleet and pool too long together',
      ['name: abcdefghijklmnop', ...least.slice(1), 'pools:', '  qrstuvwxyzabc: { count: 1 }'],
      /^5:3 .*service account .* 33 characters.*Google takes 30; shorten .* by 3/,
    ],
    ['taken name', [...least, 'pools:', '  coordinator: { count: 1 }'], /^5:3 .*are taken/],
    [
      'public network',
      [...least, 'network: { range: 8.8.0.0/16 }', 'pools: {}'],
      /^4:19 network\.range: is not private/,
    ],
    [
      'network of agents',
      [...least, 'network: { range: 10.213.0.0/16 }', 'pools: {}'],
      /^4:19 network\.range: meets 10\.213/,
    ],
    [
      'network too small',
      [...least, 'network: { range: 10.0.0.0/24 }', 'pools: {}'],
      /^4:19 .*is a \/24; a fleet's network is a \/16 to \/20/,
    ],
    [
      'network from the middle',
      [...least, 'network: { range: 10.0.0.1/16 }', 'pools: {}'],
      /^4:19 .*begins at its first address/,
    ],
    [
      'more machines than addresses',
      [...least, 'network: { range: 10.0.0.0/20 }', 'pools:', '  web: { count: 300 }'],
      /^4:19 .*with 252 addresses; its machines need 301/,
    ],
    [
      'coordinator of arm',
      [...least, 'coordinator: { machine: t2a-standard-1 }', 'pools: {}'],
      /^4:25 .*arm64 machine; the coordinator is built for x64/,
    ],
    ['arm that is not', pool('count: 1', 'architecture: arm64'), /^7:19 .*is arm64, but e2-medium is x64/],
    [
      'disk that the machine does not take',
      pool('count: 1', 'machine: n4-standard-2', 'disk_type: pd-ssd'),
      /^8:16 .*takes no pd-ssd/,
    ],
    ['address of a group', pool('count: 1', 'ingress: address'), /^7:14 .*`address` is for a single instance/],
    [
      'address of two',
      pool('count: 2', 'kind: single', 'ingress: address'),
      /^8:14 .*one machine's, and this pool has 2/,
    ],
    [
      'no public address but one',
      pool('count: 1', 'kind: single', 'public_address: false'),
      /^8:21 .*`ingress: address` is the public address/,
    ],
    [
      'healing of single machines',
      pool('count: 1', 'kind: single', 'autohealing: true'),
      /^8:18 .*done by groups only/,
    ],
    [
      'ingress that is none',
      pool('count: 1', 'ingress: cloud'),
      /^7:14 .*must be none, address, network-lb, or https_lb/,
    ],
    [
      'balancer without names',
      pool('count: 1', 'ingress: { https_lb: { domains: [] } }'),
      /^7:28 pools\.web\.ingress\.https_lb\.domains: must name at least one/,
    ],
    [
      'name record without name',
      [...least, 'coordinator: { dns_zone: example }', 'pools: {}'],
      /^4:26 .*needs `domain`/,
    ],
    [
      'registry in no place',
      [...least, 'registry: { location: mars }', 'pools: {}'],
      /^4:23 registry\.location: "mars" is not a region/,
    ],
    ['labels that are ours', [...least, 'labels: { longshore-pool: x }', 'pools: {}'], /^4:27 .*written by Longshore/],
    [
      'ports that meet',
      [...least, 'local: { coordinator_port: 8481 }', 'pools: {}'],
      /^4:28 .*taken by the hosts' ingress \(8480 to 8481\)/,
    ],
    ['tab', [...least, 'pools:', '\tweb: { count: 1 }'], /^5:\d+ .*tab/],
    ['nothing', [''], /^1:1 fleet\.yaml: the file is empty/],
  ];
  for (const [name, lines, expected] of cases) {
    const found = problems(...lines);
    t.equal(found.length, 1, `${name}: one problem, not ${JSON.stringify(found)}`);
    t.match(found[0], expected, name);
  }
  t.end();
});

t.test('fleet file: everything is said at once, also what lies between keys', (t) => {
  const found = problems(
    'name: shop',
    'region: europe-wst4',
    'oops: 1',
    'pools:',
    '  web:',
    '    count: 0',
    '    zones: [us-east1-b, us-west1-a]',
  );

  t.match(found, [
    /^1:1 project: is missing/,
    /^2:9 region/,
    /^3:7 oops/,
    /^6:12 pools\.web\.count/,
    /^7:25 pools\.web\.zones\[1\]: .*outside us-east1/,
  ]);
  t.equal(found.length, 5);
  t.end();
});

t.test('fleet file: names lead to one place', (t) => {
  const found = problems(
    ...least,
    'coordinator: { domain: a.example.com }',
    'pools:',
    '  one: { count: 1, ingress: { https_lb: { domains: [a.example.com, b.example.com] } } }',
    '  two: { count: 1, ingress: { https_lb: { domains: [b.example.com] } } }',
  );

  t.match(found, [
    /pools\.one.*"a\.example\.com" is the name of the coordinator/,
    /pools\.two.*"b\.example\.com" is the name of pool one/,
  ]);
  t.end();
});

t.test('fleet file: a region that Google opened lately is named in the file', (t) => {
  t.equal(
    fleet(
      'regions: [europe-west4, europe-west99]',
      'further_zones: [europe-west99-a]',
      'pools:',
      '  new: { count: 1, region: europe-west99 }',
    ).pools[0]?.zones[0]?.zone,
    'europe-west99-a',
  );
  t.end();
});

t.test('fleet file: readFleetFile throws all of it as one error that ends with 2', (t) => {
  try {
    readFleetFile({ path: 'f.yaml', text: 'a: 1' });
    t.fail('it was taken');
  } catch (error) {
    t.ok(error instanceof LongshoreError);
    t.match(error, { problem: { code: 'FLEET_YAML_INVALID', message: 'read f.yaml: 5 mistakes' } });
  }
  t.end();
});

t.test('fleet file: the result cannot be changed', (t) => {
  const { pools } = fleet('pools:', '  web: { count: 1 }');

  t.throws(() => (pools as unknown[]).push(1));
  t.end();
});

t.test('fleet file: every example is right', (t) => {
  const files = ['fleet.example.yaml', ...readdirSync('examples/fleets').map((name) => `examples/fleets/${name}`)];
  t.ok(files.length > 3);
  for (const path of files) t.match(checkFleetFile({ path, text: readFileSync(path, 'utf8') }), { kind: 'ok' }, path);
  t.end();
});

t.test('local stack: a name is enough, and what else is there is checked', (t) => {
  const local = (...lines: readonly string[]): readonly string[] => {
    const reading = checkFleetFile({ path: 'fleet.yaml', text: lines.join('\n') }, 'local');
    return reading.kind === 'ok' ? [] : reading.problems.map(({ path, message }) => `${path}: ${message}`);
  };
  t.same(local('name: shop'), []);
  t.same(local('name: shop', 'local: { hosts: 3 }'), []);
  t.same(local('name: shop', 'pools: { web: { count: 1, zones: [us-central1-a] } }'), []);
  t.same(local('local: {}'), ['fleet.yaml: name: is missing']);
  t.match(local('name: shop', 'project: X', 'local: { hots: 3 }'), [/project id/, /hosts/]);
  t.match(local('name: shop', 'local: { coordinator_port: 8481 }'), [/taken by the hosts' ingress/]);
  t.match(local('name: shop', 'region: europe-west4', 'pools: { web: { count: 1, zones: [mars-west1-a] } }'), [/mars/]);
  t.equal(problems('name: shop').length, 3, 'Google needs more');
  t.end();
});
