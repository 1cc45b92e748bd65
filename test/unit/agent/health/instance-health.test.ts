import t from 'tap';
import { isOtherHealth, newHealth, nextProbeDelayMs, withAnswer } from '../../../../agent/health/instance-health.ts';
import type { InstanceHealth } from '../../../../agent/reconcile/observation.ts';
import { toProbeTarget } from '../../../../agent/reconcile/probe-target.ts';
import { IMAGE_PROBE } from '../../../support/agent-entries.ts';
import { aContainer } from '../../../support/agent-planning.ts';
import { aService } from '../../../support/app-builders.ts';

const policy = { retries: 3, startPeriodMs: 1_000 };
const ok = { isHealthy: true, text: '200' };
const bad = { isHealthy: false, text: '503' };

function after(answers: readonly (readonly [number, typeof ok])[]): InstanceHealth {
  return answers.reduce((health, [atMs, answer]) => withAnswer(health, policy, answer, atMs), newHealth(0, false));
}

t.test('withAnswer: health counts from the first success of an unbroken row', (t) => {
  t.match(
    after([
      [100, ok],
      [200, ok],
    ]),
    { healthySinceMs: 100, everHealthy: true, lastAnswer: '200' },
  );
  t.match(
    after([
      [100, ok],
      [200, bad],
      [300, ok],
    ]),
    { healthySinceMs: 300, failures: 0 },
  );
  t.end();
});

t.test('withAnswer: unhealthy after so many failures in a row, and well again by one success', (t) => {
  const twice = after([
    [2_000, bad],
    [2_100, bad],
  ]);
  t.match(twice, { failures: 2, isUnhealthy: false, healthySinceMs: null });
  const thrice = withAnswer(twice, policy, bad, 2_200);
  t.match(thrice, { failures: 3, isUnhealthy: true, lastAnswer: '503' });
  t.match(withAnswer(thrice, policy, ok, 2_300), { isUnhealthy: false, healthySinceMs: 2_300 });
  t.end();
});

t.test('withAnswer: failures inside the start period do not count, but do after a first success', (t) => {
  t.match(
    after([
      [100, bad],
      [200, bad],
      [999, bad],
    ]),
    { failures: 0, isUnhealthy: false },
  );
  t.match(
    after([
      [100, ok],
      [200, bad],
    ]),
    { failures: 1 },
  );
  t.end();
});

t.test('nextProbeDelayMs: often until healthy, at the interval afterwards', (t) => {
  const exec = toProbeTarget(
    aService({ probe: { ...aService().probe, check: { kind: 'exec', command: ['true'] } } }),
    aContainer(1),
    false,
  );
  const http = { ...exec, check: { kind: 'http', port: 80, path: '/', host: null, scheme: 'http' } } as const;
  const never = after([
    [2_000, bad],
    [2_100, bad],
    [2_200, bad],
  ]);

  t.equal(nextProbeDelayMs(newHealth(0, false), http, 100), 20, 'a fresh server is asked at once');
  t.equal(nextProbeDelayMs(newHealth(0, false), exec, 100), 100, 'a command costs more');
  t.equal(nextProbeDelayMs(never, http, 5_000), 100, 'a slow starter is found as soon as it is up');
  t.equal(nextProbeDelayMs(never, http, 400_000), 10_000, 'one that never comes is not hammered');
  t.equal(nextProbeDelayMs(after([[100, ok]]), http, 200), 10_000);
  const broken = after([
    [100, ok],
    [2_000, bad],
    [2_100, bad],
    [2_200, bad],
  ]);
  t.equal(nextProbeDelayMs(broken, http, 3_000), 10_000, 'nor is one that broke');
  t.equal(toProbeTarget(aService(), aContainer(1), true).intervalMs, 1_000, 'in its gate it is looked at more often');
  t.end();
});

t.test('isOtherHealth: only what a plan could depend on', (t) => {
  const first = after([[100, ok]]);
  t.equal(isOtherHealth(first, withAnswer(first, policy, ok, 200)), false);
  t.equal(isOtherHealth(first, withAnswer(first, policy, bad, 200)), true);
  t.end();
});

t.test('toProbeTarget: the engine has counted retries and start period already', (t) => {
  const spec = aService({ probe: { ...IMAGE_PROBE, retries: 3, startPeriodMs: 60_000 } });
  const target = toProbeTarget(spec, aContainer(1, { engineHealth: 'unhealthy' }), false);
  const healthy = withAnswer(newHealth(0, false), target, ok, 100);
  t.match(withAnswer(healthy, target, bad, 200), { isUnhealthy: true, healthySinceMs: null, unhealthySinceMs: 200 });
  t.match(withAnswer(newHealth(0, false), target, bad, 100), { isUnhealthy: true });
  t.match(toProbeTarget(spec, aContainer(1), false), { check: { kind: 'none' }, retries: 3 });
  t.end();
});
