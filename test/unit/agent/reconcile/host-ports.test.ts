import t from 'tap';
import type { PortSpec } from '../../../../fleet/app-spec.ts';
import { holdsPortOf } from '../../../../agent/reconcile/host-ports.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { aContainer, aContext, aRecord, committedJournalOf } from '../../../support/agent-planning.ts';

const port = (host: number | null, fields: Partial<PortSpec> = {}): PortSpec => ({
  container: 80,
  host,
  hostIp: null,
  protocol: 'tcp',
  ...fields,
});

const isHeld = (held: PortSpec, wanted: PortSpec): boolean => {
  const before = aRunEntry({ services: { web: { version: 'a', ports: [held] } } });
  const context = aContext({ journal: committedJournalOf(before, { 'web/1': aRecord(1) }) });
  const entry = aRunEntry({ release: 2, services: { front: { version: 'b', ports: [wanted] } } });
  return holdsPortOf(context, entry, 'front', aContainer(1));
};

t.test('holdsPortOf: the same port of the same protocol, on addresses that meet', (t) => {
  t.equal(isHeld(port(7650), port(7650, { container: 8080 })), true);
  t.equal(isHeld(port(7650), port(7651)), false);
  t.equal(isHeld(port(7650), port(7650, { protocol: 'udp' })), false);
  t.equal(isHeld(port(null), port(null)), false, 'Docker chooses');
  t.equal(isHeld(port(7650, { hostIp: '127.0.0.1' }), port(7650)), true);
  t.equal(isHeld(port(7650, { hostIp: '127.0.0.1' }), port(7650, { hostIp: '10.0.0.5' })), false);
  t.end();
});

t.test('holdsPortOf: of one whose entry is forgotten, by what is published', (t) => {
  const entry = aRunEntry({ services: { front: { version: 'b', ports: [port(53, { protocol: 'udp' })] } } });
  const of = (ports: Readonly<Record<string, number>>) =>
    holdsPortOf(aContext(), entry, 'front', aContainer(1, { ports }));
  t.equal(of({ '5353/udp': 53 }), true);
  t.equal(of({ '53': 53 }), false);
  t.end();
});
