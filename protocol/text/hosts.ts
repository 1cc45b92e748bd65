/** Hosts as text. `connected` and `converged` stand side by side: two lights, never one. */
import type { ExplainView, HostView } from '../http-api/views.ts';
import { AVAILABILITY_WORDS } from './availability.ts';
import { plainText } from './plain-text.ts';
import { renderTable } from './table.ts';
import { renderAgo, renderBytes, renderTime } from './time.ts';

export function renderHosts(hosts: readonly HostView[], now: number): string {
  if (hosts.length === 0) return 'No hosts. Make a token with `longshore enroll-token` and start an agent with it.';
  const rows = hosts.map((host) => [
    host.name,
    host.connected ? 'yes' : `no (${renderAgo(host.lastSeenAt, now)})`,
    host.converged ? 'yes' : 'no',
    AVAILABILITY_WORDS[host.availability],
    host.pool ?? '-',
    appsOf(host),
    load(host),
    plainText(host.waiting ?? warningOf(host)).split('\n')[0] ?? '',
  ]);
  return renderTable(['HOST', 'CONNECTED', 'CONVERGED', 'AVAILABILITY', 'POOL', 'APPS', 'LOAD', 'WAITING FOR'], rows);
}

function warningOf({ problems }: HostView): string {
  const [first] = problems;
  return first === undefined ? '' : `warning: ${first.part}: ${first.text}`;
}

function appsOf(host: HostView): string {
  const apps = host.apps.map(({ app, report }) => `${app}:${report?.release ?? '-'}`);
  return apps.length === 0 ? '-' : apps.join(' ');
}

function load(host: HostView): string {
  const metrics = host.metrics;
  if (metrics === null) return '-';
  return `${Math.round(metrics.cpu * 100)} % cpu, ${renderBytes(metrics.memoryTotalBytes - metrics.memoryUsedBytes)} mem free, ${renderBytes(metrics.diskFreeBytes)} disk free`;
}

export function renderHost(host: HostView, now: number): string {
  const labels = [
    ...Object.entries(host.labels).map(([key, value]) => `${key}=${value}${labelSource(host, key)}`),
    ...host.hiddenLabels.map((key) => `no ${key} (operator)`),
  ];
  const head = [
    `${host.name} (${host.id})`,
    `  connected     ${host.connected ? 'yes' : `no, last seen ${renderAgo(host.lastSeenAt, now)}`}`,
    `  converged     ${host.converged ? 'yes' : `no: ${plainText(host.waiting ?? 'not known yet')}`}`,
    `  availability  ${AVAILABILITY_WORDS[host.availability]}${host.poweringOff ? ' (its machine powers off; active again after the next boot)' : ''}`,
    `  pool          ${host.pool ?? '-'}`,
    `  labels        ${labels.length === 0 ? '-' : labels.join(', ')}`,
    `  platform      ${host.platform ?? '-'}, agent ${host.agentVersion ?? '-'}, engine ${host.engineVersion ?? '-'}`,
    `  enrolled      ${renderTime(host.enrolledAt)}`,
  ];
  for (const { part, failing, text } of host.problems)
    head.push(`  ${failing ? 'problem' : 'warning'}       ${part}: ${plainText(text)}`);
  const instances = host.apps.flatMap(({ app, target, report }) =>
    (report?.instances ?? []).map((instance) => [
      `  ${app}`,
      `${instance.service}.${instance.replica}`,
      `${instance.release}${target === null || target === instance.release ? '' : ` (target ${target})`}`,
      instance.state,
      instance.routed ? 'traffic' : '',
      String(instance.restarts),
      plainText(instance.detail ?? '').split('\n')[0] ?? '',
    ]),
  );
  if (instances.length === 0) return head.join('\n');
  return [
    ...head,
    '',
    renderTable(['  APP', 'INSTANCE', 'RELEASE', 'STATE', 'ROUTED', 'RESTARTS', 'DETAIL'], instances),
  ].join('\n');
}

function labelSource(host: HostView, key: string): string {
  const source = host.labelSources[key];
  return source === undefined ? '' : ` (${source})`;
}

export function renderExplain(explain: ExplainView, now: number): string {
  const lines = [plainText(explain.sentence)];
  if (explain.since !== null) lines.push(`Since ${renderTime(explain.since)} (${renderAgo(explain.since, now)}).`);
  if (explain.next !== null)
    lines.push(
      `Next: ${plainText(explain.next).replace(/\.$/, '')}${explain.nextAt === null ? '' : ` (${renderAgo(explain.nextAt, now)})`}.`,
    );
  return lines.join('\n');
}
