import t from 'tap';
import type { Assignment } from '../../../../fleet/assignment.ts';
import { AppSchedules } from '../../../../agent/schedule/app-schedules.ts';
import { anAppSpec, appName, deploymentId, hostId } from '../../../support/app-builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function assignment(schedules: Readonly<Record<string, string>>, splayMs = 0, timeZone = 'UTC'): Assignment {
  return {
    host: hostId(1),
    epoch: 1,
    generation: 1,
    entries: Object.entries(schedules).map(([app, cron]) => ({
      kind: 'run',
      app: appName(app),
      release: 1,
      deployment: deploymentId(1),
      attempt: 1,
      spec: anAppSpec({ schedule: { cron, timeZone, splayMs, window: null } }),
      hashes: {},
      replicas: {},
      secretVersions: {},
      rollback: false,
      requires: [],
    })),
  };
}

t.test('AppSchedules: has a timer for each app with a schedule, and none after stopping', async (t) => {
  const schedules = new AppSchedules({
    clock: new ManualClock(),
    random: () => 0,
    onTick: () => undefined,
    onProblem: () => undefined,
  });

  await schedules.follow(assignment({ a: '@hourly', b: '5 4 * * 1' }));
  t.same(schedules.apps, ['a', 'b']);
  await schedules.follow(assignment({ b: '5 4 * * 2' }));
  t.same(schedules.apps, ['b']);
  await schedules.stop();
  t.same(schedules.apps, []);
});

t.test('AppSchedules: a schedule that cannot be is told and the others run', async (t) => {
  const problems: string[] = [];
  const onProblem = (app: string, found: { readonly message: string }): void =>
    void problems.push(`${app}: ${found.message}`);
  const schedules = new AppSchedules({ clock: new ManualClock(), random: () => 0, onTick: () => undefined, onProblem });

  await schedules.follow(assignment({ bad: '61 * * * *', good: '@daily' }));

  t.same(schedules.apps, ['good']);
  t.match(problems, [/^bad: schedule bad at `61 \* \* \* \*`/]);
  await schedules.follow(assignment({ zone: '@daily' }, 0, 'Mars/Olympus'));
  t.equal(problems.length, 2);
  t.same(schedules.apps, []);
  await schedules.stop();
});

t.test('AppSchedules: a tick is passed on after its share of the splay, with the time of the tick', async (t) => {
  const clock = new ManualClock();
  const ticks: number[] = [];
  const arrived = new Promise<void>((resolve) => {
    const onTick = (_schedule: unknown, scheduledAt: number): void => {
      ticks.push(scheduledAt);
      resolve();
    };
    const schedules = new AppSchedules({ clock, random: () => 0.5, onTick, onProblem: () => undefined });
    t.teardown(() => schedules.stop());
    // Every second: six fields, the first are seconds.
    void schedules.follow(assignment({ a: '* * * * * *' }, 60_000));
  });
  const before = Date.now();
  while (clock.sleepers === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  t.same(ticks, []);

  await clock.advance(29_999);
  t.same(ticks, []);
  await clock.advance(1);
  await arrived;

  t.ok(Math.abs((ticks[0] ?? 0) - before) < 5_000, 'the wall time of the tick');
});
