import t from 'tap';
import { poolLabelChanges } from '../../../../coordinator/google/pool-labels.ts';
import { parseFleetFile, poolOf } from '../../../../coordinator/google/fleet-file.ts';
import { hostId } from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';
import { refusal } from '../../../support/refusal.ts';

const pool = (name: string, labels: Record<string, string> = {}) => ({
  name,
  serviceAccount: `${name}@p.iam.gserviceaccount.com`,
  labels,
  zones: ['europe-west1-b'],
});
const text = (fields: Record<string, unknown> = {}) =>
  JSON.stringify({
    version: 1,
    fleet: 'ship',
    project: 'p',
    projectNumber: '42',
    pools: [pool('edge', { tier: 'web' }), pool('jobs')],
    registry: { prefix: 'europe-west1-docker.pkg.dev/p/ship' },
    ...fields,
  });
const manifest = parseFleetFile(text(), 'gs://b/fleet.json');
const instance = { projectNumber: '42', id: '1', zone: 'europe-west1-b', name: 'edge-1' };

t.test('parseFleetFile: takes what Terraform writes, and more', (t) => {
  t.equal(parseFleetFile(text({ tomorrow: 1, registry: null }), 'x').registry, null);
  t.equal(poolOf(manifest, 'edge@p.iam.gserviceaccount.com')?.name, 'edge');
  t.equal(poolOf(manifest, 'nobody@p.iam.gserviceaccount.com'), null);
  for (const bad of ['{', 'null', text({ version: 2 }), text({ pools: [{ name: 'x' }] }), text({ projectNumber: 'p' })])
    t.throws(
      () => parseFleetFile(bad, 'gs://b/fleet.json'),
      refusal('FLEET_FILE_INVALID', /^read gs:\/\/b\/fleet\.json: /),
    );
  t.end();
});

t.test('poolLabelChanges: hosts of the pool get its labels, with an event, once', (t) => {
  const row = aHostRow(1, { pool: 'edge', instance, poolLabels: { old: 'x' } });

  const { hosts, events } = poolLabelChanges(manifest, [row], 9);

  t.same(hosts, [{ host: hostId(1), labels: { tier: 'web' } }]);
  t.match(events, [
    { kind: 'host.labelled', host: hostId(1), text: 'Labels of host host-1 by its pool edge: tier=web' },
  ]);
  t.same(poolLabelChanges(manifest, [{ ...row, poolLabels: { tier: 'web' } }], 9).hosts, []);
  t.end();
});

t.test('poolLabelChanges: hosts by token, and those of a pool that is gone, are left alone', (t) => {
  const rows = [
    aHostRow(1, { pool: 'edge', instance: null }),
    aHostRow(2, { pool: 'gone', instance, poolLabels: { a: 'b' } }),
    aHostRow(3, { pool: null, instance }),
  ];

  t.same(poolLabelChanges(manifest, rows, 9), { hosts: [], events: [] });
  t.end();
});
