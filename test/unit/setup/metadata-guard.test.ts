import t from 'tap';
import { guardFiles, renderGuardTable, renderGuardUnit } from '../../../setup/metadata-guard.ts';

t.test('renderGuardTable: drops everything for the metadata server but DNS, in both families', (t) => {
  const table = renderGuardTable('deny');
  t.match(table, /ip daddr 169\.254\.169\.254 meta l4proto \{ tcp, udp \} th dport != 53 drop/);
  t.match(table, /ip6 daddr fd20:ce::254 meta l4proto \{ tcp, udp \} th dport != 53 drop/);
  t.match(table, /hook prerouting/);
  t.end();
});

t.test('renderGuardTable: where it is allowed all but the containers that opted in are dropped', (t) => {
  const table = renderGuardTable('allow');
  t.match(table, /set allowed \{\n +type ipv4_addr\n/);
  t.match(table, /ip daddr 169\.254\.169\.254 ip saddr != @allowed meta l4proto \{ tcp, udp \} th dport != 53 drop/);
  t.match(table, /ip6 daddr fd20:ce::254 meta l4proto \{ tcp, udp \} th dport != 53 drop/);
  t.notMatch(renderGuardTable('deny'), /allowed/);
  t.end();
});

t.test('metadata access: its service may change the rules of the network and nothing else', (t) => {
  const unit = guardFiles().find(({ path }) => path.endsWith('longshore-metadata-access.service'))?.text ?? '';
  t.match(unit, /^CapabilityBoundingSet=CAP_NET_ADMIN$/m);
  t.match(unit, /^Restart=always$/m);
  t.end();
});

t.test('renderGuardUnit: Docker does not start without it', (t) => {
  t.match(renderGuardUnit(), /Before=docker\.service/);
  t.match(renderGuardUnit(), /RequiredBy=docker\.service/);
  t.end();
});

t.test('network check: every minute, and a restart of nftables puts the guard back by itself', (t) => {
  const textOf = (end: string): string => guardFiles().find(({ path }) => path.endsWith(end))?.text ?? '';
  t.match(textOf('longshore-network-check.timer'), /^OnUnitActiveSec=60$/m);
  t.match(textOf('longshore-network-check.service'), /^CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW$/m);
  t.match(
    textOf('nftables.service.d/longshore.conf'),
    /^ExecStartPost=-\/usr\/sbin\/nft -f \/etc\/longshore\/metadata-guard\.nft$/m,
  );
  t.match(textOf('nftables.service.d/longshore.conf'), /^ExecReload=-\/usr\/sbin\/nft -f /m);
  t.end();
});
