import t from 'tap';
import type { IngressApp, Upstreams } from '../../../../agent/ingress/ingress.ts';
import { planIngress } from '../../../../agent/reconcile/plan-ingress.ts';
import type { AppRouting } from '../../../../agent/reconcile/routing.ts';
import { ROUTE } from '../../../support/agent-entries.ts';
import { noFacts } from '../../../support/agent-planning.ts';
import { appName } from '../../../support/app-builders.ts';

const SHOP = appName('shop');
const NOW = { wallMs: 0, monotonicMs: 0 };
const OLD = '10.0.0.2';
const NEW = '10.0.0.3';

const shop = (service: string, port: number): IngressApp => ({
  app: SHOP,
  graceMs: 1_000,
  services: [{ service, addresses: [], routes: ROUTE.map((route) => ({ ...route, port })) }],
});

/** Plans and carries out, until nothing is left to do. @returns what was done, in order */
function carryOut(before: { readonly app: IngressApp; readonly upstreams: Upstreams }, wanted: AppRouting): unknown[] {
  let ingress = { apps: [before.app] as readonly IngressApp[], upstreams: before.upstreams, ready: [SHOP] };
  const done: unknown[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    const { actions } = planIngress({ ...noFacts, ingress }, [wanted], NOW);
    if (actions.length === 0) return done;
    for (const action of actions) {
      done.push(action.kind === 'publish' ? action.upstreams : action.kind);
      if (action.kind === 'publish') ingress = { ...ingress, upstreams: action.upstreams };
      if (action.kind === 'configure-ingress') ingress = { ...ingress, apps: action.apps };
    }
  }
  throw new Error(`it never ends: ${JSON.stringify(done)}`);
}

t.test('planIngress: a route to another port: both ports are answered until the configuration has changed', (t) => {
  const routing = { configuration: shop('web', 9090), upstreams: { 'shop/web': [NEW] }, isReady: true };
  t.same(carryOut({ app: shop('web', 8080), upstreams: { 'shop/web': [OLD] } }, routing), [
    { 'shop/web': [NEW], 'shop/web:8080': [OLD] },
    'configure-ingress',
    { 'shop/web': [NEW] },
  ]);
  t.end();
});

t.test('planIngress: a route to another service, likewise', (t) => {
  const routing = { configuration: shop('api', 9090), upstreams: { 'shop/api': [NEW] }, isReady: true };
  t.same(carryOut({ app: shop('web', 8080), upstreams: { 'shop/web': [OLD] } }, routing), [
    { 'shop/api': [NEW], 'shop/web:8080': [OLD] },
    'configure-ingress',
    { 'shop/api': [NEW] },
  ]);
  t.end();
});

t.test('planIngress: a swap at the same port only moves the traffic', (t) => {
  const routing = { configuration: shop('web', 8080), upstreams: { 'shop/web': [NEW] }, isReady: true };
  t.same(carryOut({ app: shop('web', 8080), upstreams: { 'shop/web': [OLD] } }, routing), [{ 'shop/web': [NEW] }]);
  t.end();
});
