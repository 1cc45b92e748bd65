import t from 'tap';
import { manyAppViews } from '../../../../coordinator/control/app-views.ts';
import type { AppViewsOptions } from '../../../../coordinator/control/app-views.ts';
import type { AppRow, Target } from '../../../../coordinator/store/records.ts';
import { appName, hostId } from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';

const APPS = 40;

t.test('app views: a list reads hosts, targets and deployments once, however many apps there are', async (t) => {
  const rows: AppRow[] = Array.from({ length: APPS }, (_, n) => ({
    app: appName(`app-${n}`),
    succeeded: null,
    succeededBy: null,
    newest: 0,
    createdAt: 0,
    removedAt: null,
  }));
  const targets: Target[] = rows.map(({ app }, n) => ({
    kind: 'remove',
    host: hostId(1 + (n % 2)),
    app,
    volumes: false,
  }));
  const calls: string[] = [];
  const called = <T>(name: string, answer: T): Promise<T> => {
    calls.push(name);
    return Promise.resolve(answer);
  };
  const store: AppViewsOptions['store'] = {
    allHosts: () => called('allHosts', [aHostRow(1), aHostRow(2)]),
    hostNames: () => called('hostNames', {}),
    targetsOfApp: () => called('targetsOfApp', []),
    targetsOfHosts: () => called('targetsOfHosts', targets),
    currentReleases: () => called('currentReleases', []),
    notableSteps: () => called('notableSteps', []),
    latestDeployments: () => called('latestDeployments', []),
    quarantine: () => called('quarantine', []),
    requiringAll: () => called('requiringAll', []),
    release: () => called('release', null),
  };

  const views = await manyAppViews(rows, { store, hub: { live: () => null } });

  t.same(
    views.map(({ app }) => app),
    rows.map(({ app }) => app),
  );
  t.same([...new Set(calls)].sort(), [
    'allHosts',
    'currentReleases',
    'latestDeployments',
    'quarantine',
    'targetsOfHosts',
  ]);
  t.equal(calls.filter((name) => name !== 'quarantine').length, 4);
});
