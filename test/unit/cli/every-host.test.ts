import t from 'tap';
import { requireEveryHost } from '../../../cli/every-host.ts';
import type { DeploymentView } from '../../../protocol/http-api/views.ts';
import { aDeploymentView, aStepView } from '../../support/views.ts';

const passed = aStepView({ name: 'quay-1', state: 'passed' });
const away = aStepView({ name: 'quay-2', state: 'offline' });
const succeeded = (given: Partial<DeploymentView> = {}): DeploymentView =>
  aDeploymentView({ state: 'succeeded', steps: [passed, away], ...given });
const incomplete = { code: 'DEPLOYMENT_INCOMPLETE' };

t.test('requireEveryHost: names the hosts that a deployment which succeeded left out', (t) => {
  t.throws(() => requireEveryHost(succeeded(), true), {
    ...incomplete,
    message: /1 of 2 hosts did not take it: quay-2 \(offline\)$/,
  });
  t.end();
});

t.test('requireEveryHost: the app file asks for it as the flag does', (t) => {
  t.throws(() => requireEveryHost(succeeded({ require: 'all' }), false), incomplete);
  t.doesNotThrow(() => requireEveryHost(succeeded({ require: 'reachable' }), false));
  t.doesNotThrow(() => requireEveryHost(succeeded(), false), 'a coordinator of before');
  t.end();
});

t.test('requireEveryHost: is about nothing else than a success without a host', (t) => {
  t.doesNotThrow(() => requireEveryHost(succeeded({ steps: [passed] }), true));
  t.doesNotThrow(() => requireEveryHost(succeeded({ state: 'rolled_back' }), true));
  t.end();
});

t.test('requireEveryHost: counts the hosts that have no line of their own, and names some', (t) => {
  const steps = Array.from({ length: 100 }, (_, n) => aStepView({ name: `edge-${n}`, state: 'offline' }));
  const counts = [
    { wave: 0, state: 'passed', hosts: 5 },
    { wave: 1, state: 'offline', hosts: 300 },
  ] as const;

  t.throws(() => requireEveryHost(succeeded({ steps, counts: [...counts] }), true), {
    message: /300 of 305 hosts did not take it: edge-0 \(offline\), .*edge-19 \(offline\) and 280 more$/,
  });
  t.end();
});
