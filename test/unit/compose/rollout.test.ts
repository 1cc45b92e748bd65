/** What holds for the app as a whole: rollout, hosts, schedule, gates for all services. */
import t from 'tap';
import { loadText, mistakesOf, specOf, webFile } from '../../support/app-file.ts';

const app = (rest: string, lines = 'init: true') => specOf(webFile(lines, rest));

t.test('rollout: the defaults', (t) => {
  const spec = app('');
  t.strictSame(spec.rollout, {
    waves: [
      { kind: 'count', hosts: 1 },
      { kind: 'percent', percent: 10 },
      { kind: 'percent', percent: 50 },
      { kind: 'percent', percent: 100 },
    ],
    monitorMs: 5000,
    delayMs: 0,
    maxFailureRatio: 0,
    failureAction: 'rollback',
    rollbackParallelism: 0,
    deadlineMs: 3_600_000,
  });
  t.strictSame(spec.schedule, { cron: '0 * * * *', timeZone: 'UTC', splayMs: 300_000, window: null });
  t.strictSame(spec.hosts, { labels: {}, pools: [], names: [] });
  t.equal(spec.offline, 'keep');
  t.equal(spec.volumeScope, 'single');
  t.end();
});

t.test('rollout: update_config of Compose moves the app', (t) => {
  const lines =
    'deploy:\n  update_config: {parallelism: 2, delay: 1s, monitor: 0s, max_failure_ratio: 0.25, failure_action: pause}\n  rollback_config: {parallelism: 3}';
  t.match(app('', lines).rollout, {
    waves: [{ kind: 'every', hosts: 2 }],
    delayMs: 1000,
    monitorMs: 0,
    maxFailureRatio: 0.25,
    failureAction: 'pause',
    rollbackParallelism: 3,
  });
  t.strictSame(app('', 'deploy: {update_config: {parallelism: 0}}').rollout.waves, [{ kind: 'every', hosts: 0 }]);
  t.end();
});

t.test('rollout: x-longshore wins over update_config, and says so', (t) => {
  const text = webFile(
    'deploy: {update_config: {parallelism: 2}}',
    'x-longshore: {rollout: {waves: "2, 20%", deadline: 2h}}',
  );
  const loaded = loadText(text);
  t.ok(loaded.ok);
  if (loaded.ok)
    t.match(loaded.spec.rollout, {
      waves: [
        { kind: 'count', hosts: 2 },
        { kind: 'percent', percent: 20 },
        { kind: 'percent', percent: 100 },
      ],
      deadlineMs: 7_200_000,
    });
  t.match(loaded.warnings, [{ message: 'is overruled by x-longshore.rollout.waves', line: 4 }]);
  t.end();
});

t.test('x-longshore: hosts, offline, volumes, gates for all services', (t) => {
  const spec = app(
    'x-longshore:\n  hosts: {pools: edge, names: [a, b], labels: {region: eu, disk: [ssd, nvme]}}\n  offline: update\n  volumes: per-host\n  min_healthy_time: 1s\n',
    'x-longshore: {healthy_deadline: 30s}',
  );
  t.strictSame(spec.hosts, { pools: ['edge'], names: ['a', 'b'], labels: { region: ['eu'], disk: ['ssd', 'nvme'] } });
  t.match(spec, { offline: 'update', volumeScope: 'per-host' });
  t.strictSame(spec.services.web?.gate, { minHealthyMs: 1000, healthyDeadlineMs: 30_000, progressDeadlineMs: 600_000 });
  t.end();
});

t.test('x-longshore.require: stands in the spec only where it is all', (t) => {
  t.equal(app('x-longshore: {require: all}').require, 'all');
  t.notOk('require' in app('x-longshore: {require: reachable}'));
  t.match(mistakesOf(webFile('init: true', 'x-longshore: {require: most}')), [{ path: 'x-longshore.require' }]);
  t.end();
});

t.test('x-longshore.schedule: off, in short, whole', (t) => {
  t.equal(app('x-longshore: {schedule: off}').schedule, null);
  t.match(app('x-longshore: {schedule: "@daily"}').schedule, { cron: '0 0 * * *', splayMs: 300_000 });
  t.strictSame(
    app(
      'x-longshore: {schedule: {cron: "15 3 * * *", timezone: Europe/Berlin, splay: 0, window: {days: [fri-mon, wed], from: 22:30, to: 02:00}}}',
    ).schedule,
    {
      cron: '15 3 * * *',
      timeZone: 'Europe/Berlin',
      splayMs: 0,
      window: { days: [0, 1, 3, 5, 6], fromMinute: 1350, toMinute: 120 },
    },
  );
  t.end();
});
