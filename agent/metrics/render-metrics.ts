/**
 * The agent's facts as Prometheus text. Pure. The agent has so few figures that a library for them would cost more
 * memory than all of them together.
 */
import type { AgentFacts } from '../facts.ts';
import { isConverged } from '../status-line.ts';

export interface ProcessFigures {
  readonly residentBytes: number;
  /** User and system together. */
  readonly cpuSeconds: number;
  readonly startedAtSeconds: number;
  readonly version: string;
}

interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

export function renderMetrics(facts: AgentFacts, process: ProcessFigures): string {
  return families(facts, process)
    .filter(({ samples }) => samples.length > 0)
    .map(renderFamily)
    .join('');
}

function families(facts: AgentFacts, process: ProcessFigures): readonly Family[] {
  const apps = Object.values(facts.apps);
  const instances = apps.flatMap((app) => app.instances.map((instance) => ({ app: app.app, ...instance })));
  const { host } = facts;
  return [
    gauge('longshore_agent_info', 'Version of the agent.', [[{ version: process.version }, 1]]),
    gauge('longshore_agent_connected', 'The agent talks with its coordinator.', [
      [{}, facts.session?.kind === 'connected' ? 1 : 0],
    ]),
    gauge('longshore_agent_converged', 'The host runs all that it should.', [[{}, isConverged(facts) ? 1 : 0]]),
    gauge(
      'longshore_host_problem',
      'Something of the host itself is wrong; 1 = failing, 0 = a warning.',
      worstByPart(facts.problems).map(([part, failing]) => [{ part }, failing ? 1 : 0]),
    ),
    gauge('longshore_agent_healthy', 'The agent does useful work.', [[{}, facts.work.healthy ? 1 : 0]]),
    gauge('longshore_agent_assignment_generation', 'Newest assignment on the disk.', [
      [{ epoch: String(facts.order.epoch) }, facts.order.generation],
    ]),
    gauge('longshore_agent_open_streams', 'Log and exec streams that are open.', [[{}, facts.openStreams]]),
    gauge(
      'longshore_app_converged',
      'The app runs as it should on this host.',
      apps.map((app) => [{ app: app.app }, app.converged ? 1 : 0]),
    ),
    gauge(
      'longshore_app_release',
      'Release that serves on this host.',
      apps.flatMap((app): Sample[] => (app.release === null ? [] : [[{ app: app.app }, app.release]])),
    ),
    gauge(
      'longshore_instance_up',
      'The instance is healthy, or is a one-shot that completed.',
      instances.map(({ app, service, replica, id, state, completed }) => [
        { app, service, replica: String(replica), instance: id },
        state === 'healthy' || completed === true ? 1 : 0,
      ]),
    ),
    {
      name: 'longshore_instance_restarts_total',
      type: 'counter',
      help: 'Restarts of the instance by the engine.',
      samples: instances.map(({ app, service, replica, id, restarts }) => [
        { app, service, replica: String(replica), instance: id },
        restarts,
      ]),
    },
    gauge('longshore_host_cpu_ratio', 'Busy part of all cores.', host === null ? [] : [[{}, host.cpu]]),
    gauge('longshore_host_memory_used_bytes', 'Memory in use.', host === null ? [] : [[{}, host.memoryUsedBytes]]),
    gauge('longshore_host_memory_total_bytes', 'Memory there is.', host === null ? [] : [[{}, host.memoryTotalBytes]]),
    gauge(
      'longshore_host_disk_free_bytes',
      "Free on the file system of Docker's data.",
      host === null ? [] : [[{}, host.diskFreeBytes]],
    ),
    gauge(
      'longshore_host_disk_total_bytes',
      "Size of the file system of Docker's data.",
      host === null ? [] : [[{}, host.diskTotalBytes]],
    ),
    gauge('process_resident_memory_bytes', 'Memory of the agent.', [[{}, process.residentBytes]]),
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of the agent.',
      samples: [[{}, process.cpuSeconds]],
    },
    gauge('process_start_time_seconds', 'Start of the agent.', [[{}, process.startedAtSeconds]]),
  ];
}

function worstByPart(problems: AgentFacts['problems']): readonly (readonly [string, boolean])[] {
  const parts = new Map<string, boolean>();
  for (const { part, failing } of problems) parts.set(part, failing || (parts.get(part) ?? false));
  return [...parts];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}

function renderFamily({ name, type, help, samples }: Family): string {
  const lines = samples.map(([labels, value]) => `${name}${renderLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function renderLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
