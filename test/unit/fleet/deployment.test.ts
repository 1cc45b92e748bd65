import t from 'tap';
import { DEPLOYMENT_STATES, advance, hasEnded } from '../../../fleet/deployment.ts';

t.test('deployment: the five endings have nothing after them', (t) => {
  t.same(DEPLOYMENT_STATES.filter(hasEnded), ['succeeded', 'rolled_back', 'failed', 'cancelled', 'superseded']);
  t.end();
});

t.test('advance: goes where the table allows', (t) => {
  t.equal(advance('queued', 'rolling'), 'rolling');
  t.equal(advance('paused', 'rolling_back'), 'rolling_back');
  t.end();
});

t.test('advance: refuses to succeed from anywhere but rolling, and to leave an ending', (t) => {
  for (const from of DEPLOYMENT_STATES.filter((state) => state !== 'rolling'))
    t.throws(() => advance(from, 'succeeded'), from);
  for (const from of DEPLOYMENT_STATES.filter(hasEnded))
    for (const to of DEPLOYMENT_STATES) t.throws(() => advance(from, to), `${from} to ${to}`);
  t.end();
});

t.test('deployment: from every state that has not ended, cancelling and failing are possible', (t) => {
  for (const from of DEPLOYMENT_STATES.filter((state) => !hasEnded(state))) {
    t.equal(advance(from, 'cancelled'), 'cancelled');
    t.equal(advance(from, 'failed'), 'failed');
  }
  t.end();
});
