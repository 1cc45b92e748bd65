import t from 'tap';
import { whilePoweringOff } from '../../../../coordinator/placement/while-powering-off.ts';
import { anAppSpec, aService, hostId } from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';

const volume = { kind: 'volume' as const, volume: 'data', target: '/data', readOnly: false };
const bind = { kind: 'bind' as const, source: '/srv', target: '/srv', readOnly: true, createSource: false };
const spec = (...services: readonly Parameters<typeof aService>[0][]) =>
  anAppSpec({ services: Object.fromEntries(services.map((fields, index) => [`s${index}`, aService(fields)])) });
const goingOff = aHostRow(1, { availability: 'draining', poweringOff: true });
const other = aHostRow(2);
const sticky = { [hostId(1)]: { s0: 1 } };
type Args = Parameters<typeof whilePoweringOff>;
const seen = (app: Args[0], hosts: Args[1], places: Args[2], hasImageVolumes = false): readonly string[] =>
  whilePoweringOff(app, hosts, places, hasImageVolumes).map(({ availability }) => availability);

t.test('whilePoweringOff: what others can take over drains', (t) => {
  t.same(seen(spec({ replicas: 1 }), [goingOff, other], sticky), ['draining', 'active']);
  t.same(seen(spec({ replicas: 1, mounts: [bind] }), [goingOff, other], sticky), ['draining', 'active']);
  t.end();
});

t.test('whilePoweringOff: data, what is on every host, and what has no other place stays', (t) => {
  t.same(seen(spec({ replicas: 1, mounts: [volume] }), [goingOff, other], sticky), ['paused', 'active']);
  t.same(seen(spec({ replicas: 1 }), [goingOff, other], sticky, true), ['paused', 'active']);
  t.same(seen(spec({ replicas: null }), [goingOff, other], sticky), ['paused', 'active']);
  t.same(seen(spec({ replicas: 1 }, { replicas: null }), [goingOff, other], sticky), ['paused', 'active']);
  t.same(seen(spec({ replicas: 1 }), [goingOff], sticky), ['paused']);
  t.same(seen(spec({ replicas: 1 }), [goingOff, aHostRow(2, { availability: 'paused' })], sticky), [
    'paused',
    'paused',
  ]);
  t.end();
});

t.test('whilePoweringOff: a drain of a person is left as it is', (t) => {
  const drained = aHostRow(1, { availability: 'draining' });

  t.same(seen(spec({ replicas: null }), [drained, other], sticky), ['draining', 'active']);
  t.end();
});
