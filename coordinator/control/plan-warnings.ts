/** What a plan tells besides its changes: what people should know before they say yes. Pure. */
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { PlanView } from '../../protocol/http-api/views.ts';
import type { HostRow } from '../store/records.ts';

type PlanHost = PlanView['hosts'][number];

export function planWarnings(
  spec: AppSpec,
  hosts: readonly PlanHost[],
  live: readonly { readonly row: HostRow; readonly connected: boolean }[],
): readonly string[] {
  const warnings: string[] = [];
  const replaced = new Set(
    hosts.flatMap((host) =>
      host.changes.filter((change) => change.action === 'replace').map((change) => change.service),
    ),
  );
  for (const [name, service] of Object.entries(spec.services)) {
    const ports = service.ports.flatMap((port) => (port.host === null ? [] : [String(port.host)]));
    const volumes = service.mounts.flatMap((mount) =>
      mount.kind === 'volume' && !mount.readOnly ? [mount.volume] : [],
    );
    if (service.order === 'stop-first' && replaced.has(name)) {
      const reason =
        ports.length > 0
          ? ` (it publishes port ${ports.join(', ')} of the host)`
          : volumes.length > 0
            ? ` (it writes volume ${volumes.join(', ')})`
            : '';
      warnings.push(`${name} is stopped before its new instance starts${reason}: it does not answer meanwhile.`);
    }
    if (volumes.length > 0 && replaced.has(name))
      warnings.push(`${name} writes volume ${volumes.join(', ')}: a roll back does not bring back old data.`);
    if (service.once === 'deployment')
      warnings.push(`${name} runs once, on one host, before the first wave; if it fails, nothing moves.`);
    if (service.privileged)
      warnings.push(`${name} is privileged: it can take over its hosts, where their policy allows it.`);
    if (service.networkMode === 'host') warnings.push(`${name} uses the network of its hosts directly.`);
    if (service.metadata === 'allow')
      warnings.push(
        `${name} may read the cloud's metadata server, and with it the host's credentials, on hosts that allow it (metadata_access of their pool); on others it gets no answer.`,
      );
  }
  const named = new Set(hosts.map((host) => host.host));
  const silent = live.filter(({ row, connected }) => named.has(row.id) && !connected).map(({ row }) => row.name);
  if (silent.length > 0) warnings.push(`Not connected, will follow when back: ${silent.join(', ')}.`);
  const paused = live
    .filter(({ row }) => named.has(row.id) && row.availability === 'paused')
    .map(({ row }) => row.name);
  if (paused.length > 0) warnings.push(`Cordoned, keeps what it has: ${paused.join(', ')}.`);
  return warnings;
}
