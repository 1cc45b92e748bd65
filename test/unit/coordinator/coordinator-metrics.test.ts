import t from 'tap';
import { CoordinatorMetrics } from '../../../coordinator/metrics/coordinator-metrics.ts';
import { aDeployment } from '../../support/app-builders.ts';
import { lintPrometheus } from '../../support/prometheus-lint.ts';

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
  consoleSessions: () => 3,
  databaseBytes: () => Promise.resolve(4_096),
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

t.test('metrics: as Prometheus wants them, with the names that its dashboards know', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  metrics.watch(sources);
  const { body } = await metrics.render();
  t.same(lintPrometheus(body), []);
  t.match(body, /^process_resident_memory_bytes \d/m);
  t.match(body, /^nodejs_eventloop_lag_seconds \d/m);
  t.match(body, 'longshore_coordinator_leader 1\n');
  t.match(body, 'longshore_console_sessions 3\n');
  t.match(body, 'longshore_database_size_bytes 4096\n');
});

t.test('metrics: what has not happened yet is 0, and not absent', async (t) => {
  const { body } = await new CoordinatorMetrics('1.2.3').render();
  for (const state of ['succeeded', 'failed', 'rolled_back', 'cancelled', 'superseded'])
    for (const cause of ['person', 'schedule', 'host', 'coordinator'])
      t.match(body, `longshore_deployments_total{state="${state}",cause="${cause}"} 0\n`);
  t.match(body, 'longshore_deployment_duration_seconds_count{state="failed"} 0\n');
  t.match(body, 'longshore_sessions_refused_total{code="IDENTITY_UNKNOWN"} 0\n');
  t.match(body, 'longshore_frames_total{direction="in",kind="report"} 0\n');
  t.match(body, 'longshore_registry_requests_total{result="failed"} 0\n');
  t.match(body, 'longshore_tokens_refused_total 0\n');
  t.match(body, 'longshore_events_dropped_total 0\n');
  t.match(body, 'longshore_events_pruned_total{source="host",reason="size"} 0\n');
  t.match(body, 'longshore_http_requests_total{method="GET",route="/v1/hosts",code="5xx"} 0\n');
  t.match(body, 'longshore_http_request_duration_seconds_count{method="GET",route="/v1/hosts"} 0\n');
  t.match(body, 'longshore_store_read_seconds_count 0\n');
});

t.test('metrics: requests count by route, and paths and methods from outside make no series', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  metrics.http.observe({ method: 'GET', route: '/v1/hosts', status: 503, seconds: 0.2 });
  metrics.http.observe({ method: 'PROPFIND', route: null, status: 404, seconds: 0.001 });
  metrics.storeCall('read', 0.003);
  metrics.storeCall('commit', 2);
  const { body } = await metrics.render();
  t.match(body, 'longshore_http_requests_total{method="GET",route="/v1/hosts",code="5xx"} 1\n');
  t.match(body, 'longshore_http_request_duration_seconds_bucket{le="0.25",method="GET",route="/v1/hosts"} 1\n');
  t.match(body, 'longshore_http_requests_total{method="other",route="none",code="4xx"} 1\n');
  t.match(body, 'longshore_store_read_seconds_sum 0.003\n');
  t.match(body, 'longshore_store_commit_seconds_sum 2\n');
});

t.test('metrics: the size of a database that does not answer is left out', async (t) => {
  const metrics = new CoordinatorMetrics('1.2.3');
  metrics.watch({ ...sources, databaseBytes: () => Promise.reject(new Error('away')) });
  t.notMatch((await metrics.render()).body, /^longshore_database_size_bytes/m);
});
