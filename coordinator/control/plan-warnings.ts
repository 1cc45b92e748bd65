/** What a plan tells besides its changes: what people should know before they say yes. Pure. */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { imageVolumeKey, uncoveredPaths } from '../../fleet/image-volumes.ts';
import type { Release } from '../../fleet/release.ts';
import type { PlanView } from '../../protocol/http-api/views.ts';
import type { ImageFacts } from '../registry/image-facts.ts';
import type { HostRow } from '../store/records.ts';

type PlanHost = PlanView['hosts'][number];

/** Other counts than now: the file's own change, or `longshore scale` before. @param now the current release; null = none */
export function replicaWarnings(now: Pick<Release, 'number' | 'spec'> | null, spec: AppSpec): readonly string[] {
  return Object.entries(spec.services).flatMap(([name, { replicas }]) => {
    const before = now?.spec.services[name];
    if (now === null || before === undefined || before.replicas === replicas) return [];
    return [
      `Replicas of ${name}: ${replicasText(before.replicas)} in release ${now.number}, ${replicasText(replicas)} with this file.`,
    ];
  });
}

const replicasText = (replicas: number | null): string => (replicas === null ? 'one on every host' : String(replicas));

/** @param facts by service, of its image; empty where they were not read */
export function planWarnings(
  spec: AppSpec,
  hosts: readonly PlanHost[],
  live: readonly { readonly row: HostRow; readonly connected: boolean }[],
  facts: Readonly<Record<string, Pick<ImageFacts, 'volumes'>>>,
): readonly string[] {
  const warnings: string[] = [];
  const changed = (actions: readonly string[]): ReadonlySet<string> =>
    new Set(
      hosts.flatMap((host) =>
        host.changes.filter((change) => actions.includes(change.action)).map((change) => change.service),
      ),
    );
  const replaced = changed(['replace']);
  const made = changed(['create', 'replace']);
  for (const [name, service] of Object.entries(spec.services)) {
    const ports = service.ports.flatMap((port) => (port.host === null ? [] : [String(port.host)]));
    const paths = uncoveredPaths(facts[name]?.volumes ?? [], service);
    const kept = paths.map((path) => imageVolumeKey(name, 1, path));
    const volumes = [
      ...service.mounts.flatMap((mount) => (mount.kind === 'volume' && !mount.readOnly ? [mount.volume] : [])),
      ...kept,
    ];
    if (paths.length > 0 && made.has(name))
      warnings.push(
        `The image of ${name} declares ${paths.join(', ')} as ${paths.length === 1 ? 'a volume' : 'volumes'} that the file does not mount: kept as ${kept.join(', ')} on each host, one for each replica.`,
      );
    if (facts[name]?.volumes === null && made.has(name))
      warnings.push(
        `The configuration of ${service.image.reference} could not be read: volumes that it declares are kept, but not listed here.`,
      );
    const stopsFirst = service.order === 'stop-first' || (kept.length > 0 && service.orderStated !== true);
    if (stopsFirst && replaced.has(name)) {
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
