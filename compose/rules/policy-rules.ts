/** Times and sizes that must fit each other: gate, probe, rollout, schedule, limits. */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import type { RolloutPolicy, SchedulePolicy } from '../../fleet/rollout-policy.ts';
import { canMatch, parseCron } from '../../fleet/cron-expression.ts';
import { renderDuration } from '../values/durations.ts';
import { isTimeZone } from '../values/time-zone.ts';
import { type Finding, finding } from './finding.ts';
import { isPort } from './port-rules.ts';

export function policyFindings(app: AppSpec): readonly Finding[] {
  return [
    ...Object.entries(app.services).flatMap(([name, service]) => [
      ...gateFindings(name, service, app.rollout),
      ...probeFindings(name, service),
      ...limitFindings(name, service),
    ]),
    ...rolloutFindings(app.rollout),
    ...scheduleFindings(app.schedule),
  ];
}

function gateFindings(name: string, service: ServiceSpec, rollout: RolloutPolicy): readonly Finding[] {
  const { minHealthyMs, healthyDeadlineMs, progressDeadlineMs } = service.gate;
  const { stopGraceMs } = service;
  const at = (key: string): readonly string[] => ['services', name, 'x-longshore', key];
  const findings: Finding[] = [];
  if (minHealthyMs >= healthyDeadlineMs)
    findings.push(
      finding(
        at('min_healthy_time'),
        `must be less than healthy_deadline (${renderDuration(minHealthyMs)} and ${renderDuration(healthyDeadlineMs)})`,
      ),
    );
  if (healthyDeadlineMs > progressDeadlineMs)
    findings.push(
      finding(
        at('healthy_deadline'),
        `must not be more than progress_deadline (${renderDuration(healthyDeadlineMs)} and ` +
          `${renderDuration(progressDeadlineMs)}), which counts pulls too`,
      ),
    );
  if (progressDeadlineMs > rollout.deadlineMs)
    findings.push(
      finding(
        at('progress_deadline'),
        `must not be more than x-longshore.rollout.deadline (${renderDuration(progressDeadlineMs)} and ` +
          `${renderDuration(rollout.deadlineMs)})`,
      ),
    );
  else if (service.order === 'stop-first' && stopGraceMs + progressDeadlineMs > rollout.deadlineMs)
    findings.push(
      finding(
        ['services', name, 'stop_grace_period'],
        `must not be more, together with progress_deadline, than x-longshore.rollout.deadline ` +
          `(${renderDuration(stopGraceMs)}, ${renderDuration(progressDeadlineMs)} and ` +
          `${renderDuration(rollout.deadlineMs)}): the old instance stops before the new one starts`,
      ),
    );
  return findings;
}

function probeFindings(name: string, service: ServiceSpec): readonly Finding[] {
  const { check } = service.probe;
  const path = ['services', name, 'x-longshore', 'health'];
  const findings: Finding[] = [];
  if (check.kind === 'http' || check.kind === 'tcp') {
    if (!isPort(check.port)) findings.push(finding(path, 'the port is from 1 to 65535'));
    if (service.networkMode === 'none')
      findings.push(finding(path, 'with "network_mode: none" nothing can be asked over the network; use "exec"'));
  }
  if (check.kind === 'http' && !check.path.startsWith('/')) findings.push(finding(path, 'a path starts with "/"'));
  if (check.kind === 'exec' && check.command.length === 0) findings.push(finding(path, 'the command is empty'));
  if (service.probe.retries < 1 || service.probe.intervalMs < 1 || service.probe.startIntervalMs < 1)
    findings.push(finding(['services', name, 'healthcheck'], 'interval, start_interval and retries are more than 0'));
  return findings;
}

function limitFindings(name: string, service: ServiceSpec): readonly Finding[] {
  const findings: Finding[] = [];
  const { memoryBytes, memoryReservationBytes } = service.resources;
  if (memoryBytes !== null && memoryReservationBytes !== null && memoryReservationBytes > memoryBytes)
    findings.push(finding(['services', name, 'deploy', 'resources'], 'more memory is reserved than allowed'));
  for (const limit of service.ulimits)
    if (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard))
      findings.push(finding(['services', name, 'ulimits', limit.name], 'the soft limit is above the hard one'));
  return findings;
}

function rolloutFindings(rollout: RolloutPolicy): readonly Finding[] {
  const path = ['x-longshore', 'rollout'];
  const findings: Finding[] = [];
  const last = rollout.waves[rollout.waves.length - 1];
  if (last === undefined || (last.kind === 'percent' ? last.percent !== 100 : last.kind !== 'every'))
    findings.push(finding([...path, 'waves'], 'the last wave is 100%'));
  if (!(rollout.maxFailureRatio >= 0 && rollout.maxFailureRatio <= 1))
    findings.push(finding([...path, 'max_failure_ratio'], 'is from 0 to 1'));
  if (rollout.monitorMs + rollout.delayMs >= rollout.deadlineMs)
    findings.push(
      finding([...path, 'deadline'], `must be more than monitor and delay (${renderDuration(rollout.deadlineMs)})`),
    );
  return findings;
}

function scheduleFindings(schedule: SchedulePolicy | null): readonly Finding[] {
  if (schedule === null) return [];
  const path = ['x-longshore', 'schedule'];
  const findings: Finding[] = [];
  const times = parseCron(schedule.cron);
  if (times === null)
    findings.push(finding([...path, 'cron'], `"${schedule.cron}" is not a cron expression of five fields`));
  else if (!canMatch(times))
    findings.push(finding([...path, 'cron'], `"${schedule.cron}" never matches: no month in it has that day`));
  if (!isTimeZone(schedule.timeZone))
    findings.push(finding([...path, 'timezone'], `"${schedule.timeZone}" is not a time zone`));
  return findings;
}
