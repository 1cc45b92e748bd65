import t from 'tap';
import { wantedLabels } from '../../../../coordinator/hub/wanted-labels.ts';
import { aHostRow } from '../../../support/host-rows.ts';

t.test('wantedLabels: what is so already, or decided by pool or operator, is not wanted', async (t) => {
  const labels = { zone: 'a', tier: 'web', disk: 'ssd' };
  const host = aHostRow(1, {
    name: 'web-1',
    labels,
    poolLabels: { tier: 'web' },
    ownLabels: { disk: 'ssd', old: null },
  });
  t.equal(wantedLabels(host, { zone: 'a' }), null);
  t.equal(wantedLabels(host, { zone: 'a', tier: 'prod', disk: 'hdd', old: 'yes' }), null);
});

t.test('wantedLabels: others, more and fewer, with the command that takes them over', async (t) => {
  const host = aHostRow(1, { name: 'web-1', labels: { zone: 'a', disk: 'ssd' } });
  t.match(
    wantedLabels(host, { zone: 'b', tier: 'prod' }),
    /host web-1 would like other labels .*: longshore hosts label web-1 disk= tier=prod zone=b$/,
  );
});

t.test('wantedLabels: an instance has those of its pool, whatever its agent says', async (t) => {
  const instance = { projectNumber: '7', id: '100', zone: 'z1', name: 'edge-a' };
  t.equal(wantedLabels(aHostRow(1, { instance }), { tier: 'prod' }), null);
});
