// Network, rules and way out of the gcp stack, resource by resource.
import t from 'tap';
import { firewallRules } from '../../infra/constructs/firewall-rules.ts';
import { FULL_FLEET, fleetOf, SMALL_FLEET } from './support/fleets.ts';
import { asList, asValues, one, synthesise, type Values } from './support/synthesised.ts';

const full = synthesise(fleetOf(FULL_FLEET));
const rules = full.of('compute_firewall');

t.test('network: its own, with one subnet per region from which Google is reached without public addresses', (t) => {
  t.match(one(full.of('compute_network'), 'network_vpc'), { name: 'shop', auto_create_subnetworks: false });
  const subnets = full.of('compute_subnetwork');
  t.same([...subnets.keys()].sort(), ['network_europe-west4', 'network_us-central1']);
  for (const [name, subnet] of subnets) t.equal(subnet['private_ip_google_access'], true, name);
  t.equal(one(subnets, 'network_europe-west4')['ip_cidr_range'], '10.80.0.0/20');
  t.equal(one(subnets, 'network_us-central1')['ip_cidr_range'], '10.80.16.0/20');
  t.end();
});

t.test('network: nothing stands in the default network', (t) => {
  for (const [address, values] of full.resources)
    for (const card of asList(values['network_interface']).map(asValues)) {
      t.match(card['subnetwork'], /^\$\{google_compute_subnetwork\./, address);
      t.equal(card['network'], undefined, address);
    }
  t.end();
});

t.test('firewall: what no rule allows is refused, last', (t) => {
  const last = one(rules, 'firewall_refuse-rest');
  t.match(last, { direction: 'INGRESS', source_ranges: ['0.0.0.0/0'], deny: [{ protocol: 'all' }] });
  for (const [name, rule] of rules) if (rule !== last) t.ok(Number(rule['priority']) < Number(last['priority']), name);
  t.end();
});

t.test('firewall: the whole internet reaches 80 and 443 only, and SSH is for Google’s login proxy alone', (t) => {
  for (const [name, rule] of rules) {
    if (rule['deny'] !== undefined) continue;
    const ports = asList(rule['allow']).flatMap((allow) => asList(asValues(allow)['ports']));
    t.ok(ports.length > 0, `${name} names its ports`);
    if (asList(rule['source_ranges']).includes('0.0.0.0/0'))
      for (const port of ports) t.ok(port === '80' || port === '443', `${name} opens ${String(port)} to everybody`);
    if (ports.includes('22')) t.same(rule['source_ranges'], ['35.235.240.0/20'], name);
    t.equal(asList(rule['target_service_accounts']).length, 1, `${name} is for one account`);
  }
  t.end();
});

t.test('firewall: SSH only where it is asked for', (t) => {
  const open = (found: ReadonlyMap<string, Values>): string[] =>
    [...found.keys()].filter((name) => name.includes('login'));
  t.same(open(rules).sort(), ['firewall_coordinator-login', 'firewall_edge-login']);
  t.same(open(synthesise(fleetOf(SMALL_FLEET)).of('compute_firewall')), []);
  t.end();
});

t.test('firewall: 443 of the coordinator; 80 too where a name needs its certificate proved', (t) => {
  const ports = (text: string): readonly (number | string)[] =>
    firewallRules(fleetOf(text)).find(({ name }) => name === 'coordinator')?.ports ?? [];
  t.same(ports(FULL_FLEET), [80, 443]);
  t.same(ports(SMALL_FLEET), [443]);
  t.end();
});

t.test(
  'firewall: pools and ranges reach what they are allowed, by the pool’s identity and not by its addresses',
  (t) => {
    const { of } = synthesise(
      fleetOf(`${SMALL_FLEET}  data:
    count: 1
    ingress: none
    allow: [{ from: web, ports: [5432, 8000-8010] }, { from: 192.0.2.0/24, ports: [443] }]
`),
    );
    const found = [...of('compute_firewall')].filter(([name]) => name.startsWith('firewall_data-allow-'));
    t.match(
      found.map(([, rule]) => rule),
      [
        {
          source_service_accounts: ['${google_service_account.account-web_account.email}'],
          source_ranges: undefined,
          target_service_accounts: ['${google_service_account.account-data_account.email}'],
          allow: [{ protocol: 'tcp', ports: ['5432', '8000-8010'] }],
        },
        { source_ranges: ['192.0.2.0/24'], source_service_accounts: undefined, allow: [{ ports: ['443'] }] },
      ],
    );
    t.equal(found.length, 2);
    t.end();
  },
);

t.test('firewall: who reaches the coordinator is the file’s to say; its own hosts always do', (t) => {
  const rulesOf = (line: string): readonly string[] =>
    firewallRules(fleetOf(SMALL_FLEET.replace('pools:', `coordinator: { ${line} }\npools:`)))
      .filter(({ target }) => target === 'coordinator')
      .map(({ ports, sources }) => `${ports.join()} from ${sources.join(' ')}`);
  t.same(rulesOf('allow_from: [192.0.2.0/24]'), ['443 from 10.64.0.0/16 192.0.2.0/24']);
  t.same(rulesOf('allow_from: [192.0.2.0/24], domain: ship.example.com'), [
    '443 from 10.64.0.0/16 192.0.2.0/24',
    // Otherwise nobody would ever sign its certificate.
    '80 from 0.0.0.0/0',
  ]);
  t.same(rulesOf('public: false'), ['443 from 10.64.0.0/16 35.235.240.0/20']);
  t.end();
});

t.test('coordinator without a public address: it goes out through NAT, and the output is the way in', (t) => {
  const text = SMALL_FLEET.replace('pools:', 'coordinator: { public: false }\npools:').replace(
    'count: 2',
    'count: 2\n    public_address: true',
  );
  const { of, document } = synthesise(fleetOf(text));
  t.notOk(of('compute_address').has('coordinator-address_public'));
  const machine = one(of('compute_instance'), 'coordinator_machine');
  t.notOk('access_config' in asValues(asList(machine['network_interface'])[0]));
  t.notOk('longshore-public-address' in asValues(machine['metadata']));
  t.match(machine['depends_on'], new Set(['google_compute_router_nat.nat_europe-west4']));
  t.match(document['output'], {
    coordinator_url: { value: 'https://10.64.0.10' },
    coordinator_tunnel_command: { value: /^gcloud compute start-iap-tunnel demo-coordinator 443 / },
  });
  t.ok([...of('project_service').keys()].includes('service_iap'));
  t.end();
});

t.test('firewall: behind a web balancer only the balancer reaches a host; probes reach the health listener', (t) => {
  const balancer = ['130.211.0.0/22', '35.191.0.0/16'];
  t.match(one(rules, 'firewall_site-ingress'), { source_ranges: balancer, allow: [{ ports: ['80'] }] });
  t.match(one(rules, 'firewall_site-probes'), { source_ranges: balancer, allow: [{ ports: ['7412'] }] });
  t.match(one(rules, 'firewall_web-probes'), {
    source_ranges: ['130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22', '35.191.0.0/16'],
  });
  t.match(one(rules, 'firewall_pair-probes'), {
    source_ranges: ['209.85.152.0/22', '209.85.204.0/22', '35.191.0.0/16'],
  });
  for (const absent of ['edge-probes', 'work-probes', 'work-ingress']) t.notOk(rules.has(`firewall_${absent}`), absent);
  t.end();
});

t.test('NAT: in the regions with machines that have no public address, with ports that grow', (t) => {
  const nats = full.of('compute_router_nat');
  t.same([...nats.keys()].sort(), ['nat_europe-west4', 'nat_us-central1']);
  for (const [name, nat] of nats)
    t.match(
      nat,
      {
        enable_dynamic_port_allocation: true,
        enable_endpoint_independent_mapping: false,
        source_subnetwork_ip_ranges_to_nat: 'ALL_SUBNETWORKS_ALL_IP_RANGES',
      },
      name,
    );
  const open = fleetOf(`${SMALL_FLEET}    public_address: true\n`);
  t.equal(synthesise(open).of('compute_router_nat').size, 0);
  t.end();
});
