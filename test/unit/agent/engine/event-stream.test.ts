import t from 'tap';
import { toEvent } from '../../../../agent/engine/event-stream.ts';
import { hostId } from '../../../support/app-builders.ts';

const host = hostId(1);
const network = (attributes: Readonly<Record<string, string>>) => ({
  Type: 'network',
  Actor: { ID: 'n1', Attributes: { type: 'bridge', ...attributes } },
});

t.test('toEvent: our containers, by their label', (t) => {
  const of = (label: string) => ({ Type: 'container', Actor: { ID: 'c1', Attributes: { 'longshore.host': label } } });
  t.same(toEvent(host, of(host)), { kind: 'container', engineId: 'c1' });
  t.equal(toEvent(host, of(hostId(2))), null);
  t.equal(toEvent(host, { Type: 'container', Actor: { ID: 'c1', Attributes: null } }), null);
  t.equal(toEvent(host, null), null);
  t.end();
});

t.test('toEvent: a container that left or joined one of our networks; a network that came or went', (t) => {
  const name = `longshore-${host}-shop`;
  t.same(toEvent(host, network({ name, container: 'c1' })), { kind: 'container', engineId: 'c1' });
  t.same(toEvent(host, network({ name })), { kind: 'network' });
  t.equal(toEvent(host, network({ name: `longshore-${hostId(2)}-shop`, container: 'c1' })), null);
  t.equal(toEvent(host, network({ name: 'bridge', container: 'c1' })), null);
  t.end();
});
