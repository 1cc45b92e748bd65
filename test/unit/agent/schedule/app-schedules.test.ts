import t, { type Test } from 'tap';
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

/** Its wall clock is corrected, and nothing that sleeps notices. */
class JumpingClock extends ManualClock {
  #jumped = 0;

  jump(ms: number): void {
    this.#jumped += ms;
  }

  override now(): ReturnType<ManualClock['now']> {
    const { wallMs, monotonicMs } = super.now();
    return { wallMs: wallMs + this.#jumped, monotonicMs };
  }
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

/** Ticks as they are passed on, by a clock that stands at 2026-01-01T00:00Z. */
function ticking(t: Test, cron: string, random: number, clock = new ManualClock()) {
  const ticks: string[] = [];
  const schedules = new AppSchedules({
    clock,
    random: () => random,
    onTick: (_schedule, scheduledAt) => void ticks.push(new Date(scheduledAt).toISOString().slice(0, 16)),
    onProblem: () => undefined,
  });
  t.teardown(() => schedules.stop());
  return { clock, ticks, schedules, follow: (splayMs: number) => schedules.follow(assignment({ a: cron }, splayMs)) };
}

t.test('AppSchedules: a tick is passed on after its share of the splay, with the time of the tick', async (t) => {
  const { clock, ticks, follow } = ticking(t, '20 * * * *', 0.5);
  await follow(60_000);

  await clock.advance(20 * 60_000 + 29_999);
  t.same(ticks, []);
  await clock.advance(1);
  t.same(ticks, ['2026-01-01T00:20']);
  await clock.advance(60 * 60_000);
  t.same(ticks, ['2026-01-01T00:20', '2026-01-01T01:20']);
});

t.test('AppSchedules: no tick after the schedule ended, not even one whose splay is running', async (t) => {
  const { clock, ticks, follow, schedules } = ticking(t, '20 * * * *', 0.5);
  await follow(60_000);
  await clock.advance(20 * 60_000);
  await schedules.stop();

  await clock.advance(3 * 60 * 60_000);

  t.same(ticks, []);
  t.equal(clock.sleepers, 0);
});

t.test('AppSchedules: the wall clock may jump: what it jumps over is not made up for', async (t) => {
  const clock = new JumpingClock();
  const { ticks, follow } = ticking(t, '20 * * * *', 0, clock);
  await follow(0);
  await clock.advance(10 * 60_000);
  clock.jump(5 * 60 * 60_000);
  await clock.advance(11 * 60_000);
  t.same(ticks, ['2026-01-01T05:20'], 'forward');

  clock.jump(-24 * 60 * 60_000);
  await clock.advance(60 * 60_000);
  t.same(ticks, ['2026-01-01T05:20', '2025-12-31T06:20'], 'back');
});
