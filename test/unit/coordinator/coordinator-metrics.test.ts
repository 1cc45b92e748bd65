import t from 'tap';
import { CoordinatorMetrics } from '../../../coordinator/metrics/coordinator-metrics.ts';
import { aDeployment } from '../../support/app-builders.ts';

t.test('metrics: values that come from outside never become a new series', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  metrics.frame('in', 'report');
  metrics.frame('in', 'made-up-by-somebody');
  metrics.refused('IDENTITY_UNKNOWN');
  metrics.refused('made-up');
  const { body } = await metrics.render();
  t.match(body, 'longshore_frames_total{direction="in",kind="report"} 1');
  t.match(body, 'longshore_frames_total{direction="in",kind="unknown"} 1');
  t.notMatch(body, 'made-up');
  t.match(body, 'longshore_sessions_refused_total{code="IDENTITY_UNKNOWN"} 1');
});

const sources = {
  connectedHosts: () => 0,
  convergedHosts: () => 0,
  enrolledHosts: () => 7,
  openDeployments: () => Promise.resolve({}),
};

t.test('metrics: open deployments are those of the store, however they end', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  let open: Readonly<Record<string, number>> | null = { rolling: 1, queued: 2 };
  metrics.watch({
    ...sources,
    openDeployments: () => (open === null ? Promise.reject(new Error('away')) : Promise.resolve(open)),
  });
  metrics.deployment(aDeployment({ state: 'rolling', startedAt: 1_000 }));
  t.match((await metrics.render()).body, 'longshore_deployments_open{state="rolling"} 1');
  open = {};
  t.match((await metrics.render()).body, 'longshore_deployments_open{state="rolling"} 0', 'its app was removed');
  open = null;
  t.notMatch((await metrics.render()).body, /longshore_deployments_open\{/, 'unknown is not none');
});

t.test('metrics: the end of a deployment counts once', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  const times = { startedAt: 1_000, endedAt: 4_000 };
  metrics.deployment(aDeployment({ state: 'rolling', startedAt: 1_000 }));
  metrics.deployment(aDeployment({ state: 'succeeded', ...times }));
  metrics.deployment(aDeployment({ state: 'succeeded', ...times }));
  metrics.deploymentEnded(aDeployment({ state: 'cancelled', ...times }));
  metrics.deployment(aDeployment({ state: 'cancelled', ...times }));
  const { body } = await metrics.render();
  t.match(body, 'longshore_deployments_total{state="succeeded",cause="person"} 1');
  t.match(body, 'longshore_deployments_total{state="cancelled",cause="person"} 1');
  t.match(body, 'longshore_deployment_duration_seconds_sum{state="succeeded"} 3');
});

t.test('metrics: gauges are read when somebody asks', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  let connected = 1;
  metrics.watch({ ...sources, connectedHosts: () => connected });
  connected = 5;
  t.match((await metrics.render()).body, 'longshore_hosts_connected 5');
});
