import { setImmediate as pause } from 'node:timers/promises';
import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { DueChecks } from '../../../../coordinator/schedule/due-checks.ts';
import type { NewEvent } from '../../../../coordinator/store/records.ts';
import { renderCause } from '../../../../protocol/text/cause.ts';
import { aRelease, anAppSpec, appName, deploymentId, hostId } from '../../../support/app-builders.ts';
import { FakeTimers } from '../../../support/fake-timers.ts';
import { aHostRow } from '../../../support/host-rows.ts';

const schedule = { cron: '0 * * * *', timeZone: 'UTC', splayMs: 0, window: null };
const web = appName('web');

function scene(answer: () => Promise<{ deployment: null; asked?: boolean; text: string }>, scheduled = true) {
  const asked: string[] = [];
  const causes: string[] = [];
  const events: NewEvent[] = [];
  const start = 1_000_000_000;
  const timers = new FakeTimers();
  const now = (): number => start + timers.monotonicMs();
  const checks = new DueChecks({
    store: {
      currentReleases: async () => [
        {
          release: aRelease({ spec: anAppSpec({ schedule: scheduled ? schedule : null }) }),
          deployment: deploymentId(1),
        },
      ],
      host: async ({ id }) => aHostRow(1, { id, name: 'quay-1' }),
      appendEvents: async (args) => {
        events.push(...args.events);
        return [];
      },
    },
    images: {
      check: async (app, cause) => {
        asked.push(`${app} ${cause.kind}`);
        causes.push(renderCause(cause));
        return { asked: true, ...(await answer()) };
      },
    },
    now,
    timers,
    random: () => 0.5,
    onFault: (error) => t.fail(String(error)),
  });
  return {
    asked,
    causes,
    events,
    checks,
    later: (ms: number) => timers.advanceTo(timers.monotonicMs() + ms, settle),
    tick: async (hosts = 1) => {
      for (let host = 1; host <= hosts; host += 1) checks.due(hostId(host), web, now());
      await settle();
    },
  };
}

/** The fakes answer at once. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await pause();
};

t.test('DueChecks: a thousand hosts that ask in one moment are one question', async (t) => {
  const { asked, causes, tick, later } = scene(async () => ({ deployment: null, text: 'newest' }));
  await tick(1_000);
  await tick(1_000);
  t.same(asked, ['web schedule']);
  t.same(causes, ['schedule: 0 * * * *, first asked by quay-1'], 'people know hosts by name');
  await later(3_600_000);
  await tick(1_000);
  t.equal(asked.length, 2);
});

t.test('DueChecks: an app without a schedule, or of another name, is not asked for', async (t) => {
  const { asked, tick, checks } = scene(async () => ({ deployment: null, text: '' }), false);
  await tick();
  checks.due(hostId(1), appName('gone'), 0);
  await checks.stop();
  t.same(asked, []);
});

t.test('DueChecks: trouble is told once, and so is its end', async (t) => {
  let works = false;
  const { events, tick, later } = scene(async () => {
    if (works) return { deployment: null, text: 'runs the newest images' };
    throw new LongshoreError('REGISTRY_UNAVAILABLE', 'HEAD r/web:1: 503');
  });
  for (let hour = 0; hour < 3; hour += 1) {
    await tick();
    await later(3_600_000);
  }
  works = true;
  await tick();
  await later(3_600_000);
  await tick();
  t.same(
    events.map(({ kind }) => kind),
    ['schedule.failed', 'schedule.checked'],
  );
  t.match(events[0]?.text, /503/);
});

t.test('DueChecks: a registry that is away at the tick is asked again, with back-off, until it answers', async (t) => {
  let works = false;
  const { asked, tick, later, events } = scene(async () => {
    if (works) return { deployment: null, text: 'runs the newest images' };
    throw new LongshoreError('REGISTRY_UNAVAILABLE', 'HEAD r/web:1: 503');
  });
  await tick(1_000);
  await later(10_000);
  t.equal(asked.length, 1);
  await later(3_600_000);
  t.ok(asked.length > 5 && asked.length < 15, `${asked.length} times in an hour`);
  await tick(1_000);
  const before = asked.length;
  works = true;
  await later(900_000);
  t.equal(asked.length, before + 1);
  await later(24 * 3_600_000);
  await tick();
  t.equal(asked.length, before + 2, 'answered: the next tick asks');
  t.same(
    events.map(({ kind }) => kind),
    ['schedule.failed', 'schedule.checked'],
  );
});

t.test('DueChecks: what the registry asks to wait is waited', async (t) => {
  const { asked, tick, later } = scene(async () => {
    throw new LongshoreError('REGISTRY_RATE_LIMITED', 'HEAD r/web:1: 429', { retryAfterMs: 600_000 });
  });
  await tick();
  await later(599_000);
  t.equal(asked.length, 1);
  await later(2_000);
  t.equal(asked.length, 2);
});

t.test('DueChecks: an app under way is asked for when its deployment has ended', async (t) => {
  let isUnderWay = true;
  const { asked, tick, later, checks } = scene(async () => ({ deployment: null, asked: !isUnderWay, text: '' }));
  await tick();
  await tick(1_000);
  t.equal(asked.length, 1);
  checks.deploymentChanged({ app: web, state: 'rolling' });
  checks.deploymentChanged({ app: appName('other'), state: 'succeeded' });
  await settle();
  t.equal(asked.length, 1);
  isUnderWay = false;
  checks.deploymentChanged({ app: web, state: 'succeeded' });
  await settle();
  t.equal(asked.length, 2);
  await later(24 * 3_600_000);
  checks.deploymentChanged({ app: web, state: 'succeeded' });
  await settle();
  t.equal(asked.length, 2, 'and not again without a tick');
});

t.test('DueChecks: what will not pass by itself waits for the next tick; a stop ends all', async (t) => {
  const denied = scene(async () => {
    throw new LongshoreError('REGISTRY_DENIED', 'HEAD r/web:1: 401');
  });
  await denied.tick();
  await denied.later(24 * 3_600_000);
  t.equal(denied.asked.length, 1);

  const away = scene(async () => {
    throw new LongshoreError('REGISTRY_UNAVAILABLE', 'HEAD r/web:1: 503');
  });
  await away.tick();
  await away.checks.stop();
  await away.later(24 * 3_600_000);
  t.equal(away.asked.length, 1);
});
