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
  const ports = (text: string): readonly number[] =>
    firewallRules(fleetOf(text)).find(({ name }) => name === 'coordinator')?.ports ?? [];
  t.same(ports(FULL_FLEET), [80, 443]);
  t.same(ports(SMALL_FLEET), [443]);
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
