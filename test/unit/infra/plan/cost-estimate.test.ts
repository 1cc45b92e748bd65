import { readFileSync } from 'node:fs';
import t from 'tap';
import { estimateCost, renderEstimate } from '../../../../infra/plan/cost-estimate.ts';
import { fleetOf, FULL_FLEET, SMALL_FLEET } from '../../../infra/support/fleets.ts';

const total = (text: string): number =>
  estimateCost(fleetOf(text)).lines.reduce((sum, { dollars }) => sum + (dollars ?? 0), 0);

t.test('cost: the example fleet is about 120 dollars a month', (t) => {
  const text = readFileSync('fleet.example.yaml', 'utf8').replace('your-project-id', 'some-project');
  t.ok(Math.abs(total(text) - 120) < 15, `it is ${total(text)}`);
  t.match(
    renderEstimate(estimateCost(fleetOf(text))),
    /^About \d+ US dollars a month \(list prices as of \d{4}-\d\d, unverified;/,
  );
  t.end();
});

t.test('cost: a standby is a machine more, and its disk', (t) => {
  const one = total(SMALL_FLEET.replace('pools:', 'coordinator: { cloud_sql: {} }\npools:'));
  const two = total(SMALL_FLEET.replace('pools:', 'coordinator: { count: 2, cloud_sql: {} }\npools:'));
  t.ok(two - one > 25 && two - one < 45, String(two - one));
  t.end();
});

t.test('cost: what costs more is more', (t) => {
  const base = total(SMALL_FLEET);
  for (const [from, to] of [
    ['count: 2', 'count: 3'],
    ['count: 2', 'count: 2\n    machine: e2-standard-8'],
    ['count: 2', 'count: 2\n    disk_gb: 500'],
    ['count: 2', 'count: 2\n    volumes_disk_gb: 100'],
    ['pools:', 'memorystore: {}\npools:'],
    ['pools:', 'coordinator: { cloud_sql: { tier: db-custom-2-7680 } }\npools:'],
  ] as const)
    t.ok(total(SMALL_FLEET.replace(from, to)) > base + 2, to);
  t.ok(total(SMALL_FLEET.replace('count: 2', 'count: 2\n    spot: true')) < base);
  t.end();
});

t.test('cost: every part of a fleet has a line, and one without a price is told', (t) => {
  const { lines } = estimateCost(fleetOf(FULL_FLEET));
  for (const part of ['coordinator', 'pool web', 'pool work', 'balancers', 'Cloud NAT', 'Cloud SQL', 'Memorystore'])
    t.ok(
      lines.some(({ what, dollars }) => what.startsWith(part) && dollars !== null && dollars > 0),
      part,
    );
  const rare = estimateCost(fleetOf(SMALL_FLEET.replace('count: 2', 'count: 2\n    machine: a3-highgpu-8g')));
  t.match(renderEstimate(rare), /without what has no price here[^]*pool web \(2 × a3-highgpu-8g\) +\?/);
  t.end();
});
