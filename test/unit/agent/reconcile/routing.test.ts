import t from 'tap';
import { routeApp } from '../../../../agent/reconcile/routing.ts';
import { aRunEntry, ROUTE } from '../../../support/agent-entries.ts';
import { aContainer, aContext, aHealth, aRecord, instanceId } from '../../../support/agent-planning.ts';

const entry = aRunEntry({ services: { web: { version: 'a', copies: 2, ingress: ROUTE } } });
const instances = { 'web/1': aRecord(1), 'web/2': aRecord(2) };
const containers = [aContainer(1), aContainer(2, { replica: 2 })];
const upstreams = (context: ReturnType<typeof aContext>, leaving: readonly number[] = []): readonly string[] =>
  routeApp(context, { entry, instances, leaving: new Set(leaving.map(instanceId)) }).upstreams['web/web'] ?? [];

t.test('routeApp: to all that run; those not probed yet are trusted', (t) => {
  t.same(upstreams(aContext({ containers })), ['10.213.0.2', '10.213.0.3']);
  t.end();
});

t.test('routeApp: not to an unhealthy one, but never to none while one runs', (t) => {
  const bad = aHealth({ healthySinceMs: null, isUnhealthy: true });
  const one = aContext({ containers, facts: { health: { [instanceId(1)]: bad } } });
  t.same(upstreams(one), ['10.213.0.3']);
  const both = aContext({ containers, facts: { health: { [instanceId(1)]: bad, [instanceId(2)]: bad } } });
  t.same(upstreams(both), ['10.213.0.2', '10.213.0.3']);
  t.end();
});

t.test('routeApp: not to one that has just been restarted, before it answers', (t) => {
  const restarted = aHealth({ healthySinceMs: null, everHealthy: false, isRestarted: true });
  t.same(upstreams(aContext({ containers, facts: { health: { [instanceId(2)]: restarted } } })), ['10.213.0.2']);
  t.end();
});

t.test('routeApp: not to what leaves or does not run', (t) => {
  t.same(upstreams(aContext({ containers }), [1]), ['10.213.0.3']);
  t.same(upstreams(aContext({ containers: [aContainer(1, { state: 'exited' })] })), []);
  t.end();
});

t.test('routeApp: tells both slot addresses of each replica, and readiness', (t) => {
  const journal = { addresses: { 'web/1': 0, 'web/2': 3 } };
  const routing = routeApp(aContext({ containers, journal }), { entry, instances, leaving: new Set() });
  t.same(routing.configuration?.services[0]?.addresses, ['10.213.0.2', '10.213.0.3', '10.213.0.8', '10.213.0.9']);
  t.equal(routing.isReady, true);
  const none = routeApp(aContext({ journal }), { entry, instances, leaving: new Set() });
  t.equal(none.isReady, false);
  t.end();
});
