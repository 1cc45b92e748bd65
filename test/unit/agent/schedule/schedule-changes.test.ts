import t from 'tap';
import type { Assignment } from '../../../../fleet/assignment.ts';
import { scheduleChanges, wantedSchedules, type WantedSchedule } from '../../../../agent/schedule/schedule-changes.ts';
import { anAppSpec, appName, deploymentId, hostId } from '../../../support/app-builders.ts';

const policy = { cron: '@hourly', timeZone: 'UTC', splayMs: 0, window: null };
const wanted = (app: string, cron = '@hourly'): WantedSchedule => ({
  app: appName(app),
  policy: { ...policy, cron },
  offline: 'keep',
});
const running = (...each: WantedSchedule[]): Map<WantedSchedule['app'], WantedSchedule> =>
  new Map(each.map((one) => [one.app, one]));

t.test('wantedSchedules: of the apps that run and have one', (t) => {
  const run = {
    kind: 'run',
    release: 1,
    deployment: deploymentId(1),
    attempt: 1,
    hashes: {},
    replicas: {},
    secretVersions: {},
    rollback: false,
    requires: [],
  } as const;
  const assignment: Assignment = {
    host: hostId(1),
    epoch: 1,
    generation: 1,
    entries: [
      { ...run, app: appName('a'), spec: anAppSpec({ schedule: policy, offline: 'update' }) },
      { ...run, app: appName('b'), spec: anAppSpec() },
      { kind: 'remove', app: appName('c'), volumes: false },
    ],
  };

  t.same(wantedSchedules(assignment), [{ app: 'a', policy, offline: 'update' }]);
  t.same(wantedSchedules(null), []);
  t.end();
});

t.test('scheduleChanges: an unchanged one keeps its timer', (t) => {
  t.same(scheduleChanges(running(wanted('a')), [wanted('a')]), { begin: [], end: [] });
  t.end();
});

t.test('scheduleChanges: new, gone and changed', (t) => {
  const changes = scheduleChanges(running(wanted('gone'), wanted('changed')), [
    wanted('changed', '5 4 * * *'),
    wanted('new'),
  ]);

  t.same(changes, { begin: [wanted('changed', '5 4 * * *'), wanted('new')], end: ['gone', 'changed'] });
  t.end();
});
