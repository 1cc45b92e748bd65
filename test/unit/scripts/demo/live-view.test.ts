import t from 'tap';
import { fitScreen, stateOf } from '../../../../scripts/demo/live-view.ts';
import { aDeploymentView, aHostView } from '../../../support/views.ts';

t.test('fitScreen: no line wraps and none scrolls away, so that the next picture covers this one', (t) => {
  const picture = ['x'.repeat(200), 'second', '', 'Ctrl-C ends it'].join('\n');

  t.same(fitScreen(picture, 80, 24), ['x'.repeat(80), 'second', '', 'Ctrl-C ends it']);
  t.same(fitScreen(picture, 80, 3), ['', 'Ctrl-C ends it']);
  t.end();
});

t.test('stateOf: is the same while only time passes and load changes', (t) => {
  const host = aHostView();
  const metrics = { ...host.metrics, cpu: 0.5 } as typeof host.metrics;
  const before = stateOf([host], [aDeploymentView()]);
  t.equal(stateOf([{ ...host, metrics, lastSeenAt: 99_000 }], [aDeploymentView()]), before);
  t.not(stateOf([{ ...host, converged: !host.converged }], [aDeploymentView()]), before);
  t.end();
});
