import t from 'tap';
import { explainHost } from '../../../../coordinator/explain/explain-host.ts';
import type { AppSpec } from '../../../../fleet/app-spec.ts';
import { DEFAULT_SCHEDULE } from '../../../../compose/defaults.ts';
import {
  anAppReport,
  anAppSpec,
  anAttempt,
  appName,
  aRelease,
  deploymentId,
  digest,
  hostId,
} from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';
import { aLiveHost } from '../../../support/live-host.ts';

const app = appName('web');
const target = {
  kind: 'run',
  host: hostId(1),
  app,
  release: 1,
  deployment: deploymentId(1),
  attempt: 1,
  rollback: false,
  replicas: { web: 1 },
} as const;

function nextOf(schedule: AppSpec['schedule']): Promise<string | null> {
  const held = {
    app,
    kind: 'held',
    service: 'web',
    digest: digest('b'),
    reason: 'back to release 1',
    since: 0,
  } as const;
  const report = anAppReport({
    release: 1,
    converged: true,
    attempt: anAttempt({ release: 1, state: 'passed', attempt: 1, deployment: deploymentId(1) }),
  });
  const store = {
    app: () => Promise.resolve({ app, succeeded: 1 }),
    releases: () => Promise.resolve([aRelease({ app, number: 1, spec: anAppSpec({ name: app, schedule }) })]),
    targetsOfHosts: () => Promise.resolve([target]),
    latestDeployments: () => Promise.resolve([]),
    stepsOfHost: () => Promise.resolve({}),
    pendingRestore: () => Promise.resolve(null),
    quarantine: () => Promise.resolve([held]),
  };
  const options = {
    store,
    hub: { live: () => aLiveHost({ apps: { web: report } }) },
    adoptions: { of: () => [] },
  } as unknown as Parameters<typeof explainHost>[1];
  return explainHost(aHostRow(1), options).then(({ next }) => next);
}

t.test('explainHost: updates are held only where a schedule would bring them', async (t) => {
  t.match(await nextOf(DEFAULT_SCHEDULE), /Updates are held.*apps unquarantine web/);
  t.equal(await nextOf(null), null);
});
