import t from 'tap';
import type { InstanceReport } from '../../../../fleet/report.ts';
import { renderMetrics } from '../../../../agent/metrics/render-metrics.ts';
import { lintPrometheus } from '../../../support/prometheus-lint.ts';
import { someAgentFacts } from '../../../support/agent-facts.ts';
import { anAppReport, appName, specHash } from '../../../support/app-builders.ts';

const process = { residentBytes: 50_000_000, cpuSeconds: 1.5, startedAtSeconds: 1_700_000_000, version: '1.2.3' };
const instance: InstanceReport = {
  id: 'i-0123456789ab' as InstanceReport['id'],
  service: 'we"b',
  replica: 2,
  hash: specHash('a'),
  release: 4,
  state: 'healthy',
  routed: true,
  restarts: 3,
  startedAt: 0,
  detail: null,
};

t.test('renderMetrics: every line is of the text format, every family has help and type once', (t) => {
  const web = { ...anAppReport({ app: appName('web'), converged: true, release: 4 }), instances: [instance] };
  const text = renderMetrics(someAgentFacts({ apps: { web } }), process);

  for (const line of text.trimEnd().split('\n')) {
    t.match(
      line,
      /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\})? -?[\d.e+]+)$/,
    );
  }
  t.same(lintPrometheus(text), []);
  const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  t.equal(new Set(types).size, types.length);
  t.match(text, 'longshore_agent_connected 1\n');
  t.match(text, 'longshore_agent_assignment_generation{epoch="1"} 7\n');
  t.match(text, 'longshore_app_release{app="web"} 4\n');
  t.match(
    text,
    'longshore_instance_restarts_total{app="web",service="we\\"b",replica="2",instance="i-0123456789ab"} 3\n',
  );
  t.match(text, 'process_resident_memory_bytes 50000000\n');
  t.end();
});

t.test('renderMetrics: what is not known is left out', (t) => {
  const text = renderMetrics(someAgentFacts({ session: null, converged: false }), process);

  t.notMatch(text, 'longshore_host_');
  t.notMatch(text, 'longshore_app_');
  t.match(text, 'longshore_agent_connected 0\n');
  t.match(text, 'longshore_agent_converged 0\n');
  t.end();
});
