// Fleets for tests of the infrastructure, from the text of fleet files, as a person would write them.
import { checkFleetFile } from '../../../infra/fleet-file/read-fleet-file.ts';
import type { FleetConfig } from '../../../infra/fleet-file/fleet-config.ts';

/** @throws with every problem of the text */
export function fleetOf(text: string): FleetConfig {
  const reading = checkFleetFile({ path: 'fleet.yaml', text });
  if (reading.kind === 'ok') return reading.fleet;
  throw new Error(reading.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

/** The least that is a fleet: one pool of two behind a passthrough balancer. */
export const SMALL_FLEET = `
name: demo
project: some-project
region: europe-west4
pools:
  web:
    count: 2
`;

/** Everything that a fleet file can ask for. */
export const FULL_FLEET = `
name: shop
project: some-project
region: europe-west4
regions: [europe-west4, us-central1]
labels: { team: web }
network: { range: 10.80.0.0/16 }
coordinator:
  zone: europe-west4-b
  domain: ship.example.com
  dns_zone: example
  acme_email: ops@example.com
  ssh: iap
  cloud_sql: { high_availability: true }
pools:
  web:
    count: 3
    zones: [europe-west4-a, europe-west4-b]
    autohealing: true
    volumes_disk_gb: 50
    labels: { tier: web, odd: 'a \${b} %{c}' }
  site:
    count: 2
    region: us-central1
    machine: c4a-standard-2
    spot: true
    metadata_access: true
    ingress: { https_lb: { domains: [www.example.com, example.com] } }
  edge:
    count: 1
    kind: single
    ssh: keys
    volumes_disk_gb: 10
  pair:
    count: 2
    kind: single
    spot: true
  work:
    count: 4
    ingress: none
    public_address: true
memorystore: { memory_gb: 2, tier: STANDARD_HA }
monitoring: { alert_email: ops@example.com, log_sink_days: 90 }
`;
