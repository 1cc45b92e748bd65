import t from 'tap';
import { renderGuardTable, renderGuardUnit } from '../../../setup/metadata-guard.ts';

t.test('renderGuardTable: drops everything for the metadata server but DNS, in both families', (t) => {
  const table = renderGuardTable('deny');
  t.match(table, /ip daddr 169\.254\.169\.254 meta l4proto \{ tcp, udp \} th dport != 53 drop/);
  t.match(table, /ip6 daddr fd20:ce::254 meta l4proto \{ tcp, udp \} th dport != 53 drop/);
  t.match(table, /hook prerouting/);
  t.end();
});

t.test('renderGuardTable: where it is allowed the same table drops nothing', (t) => {
  t.notMatch(renderGuardTable('allow'), /drop/);
  t.match(renderGuardTable('allow'), /table inet longshore_metadata \{/);
  t.end();
});

t.test('renderGuardUnit: Docker does not start without it', (t) => {
  t.match(renderGuardUnit(), /Before=docker\.service/);
  t.match(renderGuardUnit(), /RequiredBy=docker\.service/);
  t.end();
});
