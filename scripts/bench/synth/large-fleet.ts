// The fleet file that the bench synthesises: 20 pools over 5 regions, of every kind that a pool can be. Pure.

const REGIONS = ['europe-west4', 'us-central1', 'asia-east1', 'europe-north1', 'us-east4'];
const KINDS = [
  'count: 6, zones: [ZONES], autohealing: true, labels: { tier: web }',
  'count: 3, zones: [ZONES], volumes_disk_gb: 100, ingress: none',
  'count: 4, zones: [ZONES], spot: true, ingress: { https_lb: { domains: [NAME.example.com] } }',
  'count: 1, kind: single',
];

export function largeFleetText(): string {
  const pools = REGIONS.flatMap((region, place) =>
    KINDS.map((kind, index) => {
      const name = `pool-${place + 1}${index + 1}`;
      // Every region has zones of these letters.
      const zones = ['b', 'c'].map((letter) => `${region}-${letter}`).join(', ');
      return `  ${name}: { region: ${region}, ${kind.replace('ZONES', zones).replace('NAME', name)} }`;
    }),
  );
  return [
    'name: large',
    'project: some-project',
    `region: ${REGIONS[0] ?? ''}`,
    `regions: [${REGIONS.join(', ')}]`,
    'labels: { team: platform }',
    'coordinator: { domain: ship.example.com, dns_zone: example, acme_email: ops@example.com }',
    'monitoring: { alert_email: ops@example.com, log_sink_days: 30 }',
    'memorystore: {}',
    'pools:',
    ...pools,
    '',
  ].join('\n');
}
