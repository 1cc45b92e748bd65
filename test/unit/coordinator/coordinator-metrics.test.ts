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

t.test('metrics: a deployment is open in one state at a time and ends once', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  const times = { startedAt: 1_000, endedAt: 4_000 };
  metrics.deployment(aDeployment({ state: 'rolling', startedAt: 1_000 }));
  metrics.deployment(aDeployment({ state: 'paused', startedAt: 1_000 }));
  t.match((await metrics.render()).body, 'longshore_deployments_open{state="paused"} 1');
  metrics.deployment(aDeployment({ state: 'succeeded', ...times }));
  metrics.deployment(aDeployment({ state: 'succeeded', ...times }));
  const { body } = await metrics.render();
  t.match(body, 'longshore_deployments_open{state="paused"} 0');
  t.match(body, 'longshore_deployments_open{state="rolling"} 0');
  t.match(body, 'longshore_deployments_total{state="succeeded",cause="person"} 1');
  t.match(body, 'longshore_deployment_duration_seconds_sum{state="succeeded"} 3');
});

t.test('metrics: gauges are read when somebody asks', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  let connected = 1;
  metrics.watch({ connectedHosts: () => connected, convergedHosts: () => 0, enrolledHosts: () => 7 });
  connected = 5;
  t.match((await metrics.render()).body, 'longshore_hosts_connected 5');
});
