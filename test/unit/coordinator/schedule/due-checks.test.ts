import t from 'tap';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { DueChecks } from '../../../../coordinator/schedule/due-checks.ts';
import type { NewEvent } from '../../../../coordinator/store/records.ts';
import { renderCause } from '../../../../protocol/text/cause.ts';
import { aRelease, anAppSpec, appName, deploymentId, hostId } from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';

const schedule = { cron: '0 * * * *', timeZone: 'UTC', splayMs: 0, window: null };
const web = appName('web');

function scene(answer: () => Promise<{ deployment: null; text: string }>, scheduled = true) {
  const asked: string[] = [];
  const causes: string[] = [];
  const events: NewEvent[] = [];
  let now = 1_000_000_000;
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
        return answer();
      },
    },
    now: () => now,
    onFault: (error) => t.fail(String(error)),
  });
  return {
    asked,
    causes,
    events,
    checks,
    later: (ms: number) => (now += ms),
    tick: async (hosts = 1) => {
      for (let host = 1; host <= hosts; host += 1) checks.due(hostId(host), web, now);
      await checks.stop();
    },
  };
}

t.test('DueChecks: a thousand hosts that ask in one moment are one question', async (t) => {
  const { asked, causes, tick, later } = scene(async () => ({ deployment: null, text: 'newest' }));
  await tick(1_000);
  await tick(1_000);
  t.same(asked, ['web schedule']);
  t.same(causes, ['schedule: 0 * * * *, first asked by quay-1'], 'people know hosts by name');
  later(3_600_000);
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
    later(3_600_000);
  }
  works = true;
  await tick();
  later(3_600_000);
  await tick();
  t.same(
    events.map(({ kind }) => kind),
    ['schedule.failed', 'schedule.checked'],
  );
  t.match(events[0]?.text, /503/);
});
