/** Instances of apps over their hosts, as text: what `docker compose ps` is for one machine. Pure. */
import { compareText } from '../../fleet/compare-text.ts';
import type { AppReport } from '../../fleet/report.ts';
import type { HostView, ReleaseView } from '../http-api/views.ts';
import { plainText } from './plain-text.ts';
import { renderTable } from './table.ts';
import { renderDuration } from './time.ts';

export interface InstanceRow {
  readonly app: string;
  readonly service: string;
  /** 1-based number of the replica on its host. */
  readonly replica: number;
  readonly id: string;
  readonly host: string;
  /** The host's agent talks: what is shown is now. */
  readonly connected: boolean;
  readonly release: number;
  /** Reference and digest; null = its release is not kept any more. */
  readonly image: string | null;
  readonly state: AppReport['instances'][number]['state'] | 'completed';
  readonly restarts: number;
  /** Wall clock of the host, ms; null = not started. */
  readonly startedAt: number | null;
  readonly detail: string | null;
}

/** @param app only its instances; null = of all apps */
export function instanceRows(
  hosts: readonly HostView[],
  releases: readonly Pick<ReleaseView, 'app' | 'number' | 'images'>[],
  app: string | null = null,
): readonly InstanceRow[] {
  const images = new Map(releases.map((release) => [`${release.app}/${release.number}`, release.images]));
  const rows = hosts.flatMap((host) =>
    host.apps.flatMap(({ app: name, report }) =>
      (app === null || name === app ? (report?.instances ?? []) : []).map((instance): InstanceRow => {
        const image = images.get(`${name}/${instance.release}`)?.[instance.service];
        return {
          app: name,
          service: instance.service,
          replica: instance.replica,
          id: instance.id,
          host: host.name,
          connected: host.connected,
          release: instance.release,
          image: image === undefined ? null : `${image.reference}@${image.digest}`,
          state: instance.completed === true ? 'completed' : instance.state,
          restarts: instance.restarts,
          startedAt: instance.startedAt,
          detail: instance.detail,
        };
      }),
    ),
  );
  return rows.sort(
    (a, b) =>
      compareText(a.app, b.app) ||
      compareText(a.service, b.service) ||
      compareText(a.host, b.host) ||
      a.replica - b.replica,
  );
}

export function renderInstances(rows: readonly InstanceRow[], now: number): string {
  if (rows.length === 0) return 'No instances.';
  const cells = rows.map((row) => [
    row.app,
    `${row.service}.${row.replica}`,
    row.connected ? row.host : `${row.host} (not connected)`,
    String(row.release),
    row.state,
    ageOf(row, now),
    String(row.restarts),
    row.image === null ? '-' : shortImage(row.image),
    plainText(row.detail ?? '').split('\n')[0] ?? '',
  ]);
  return renderTable(['APP', 'INSTANCE', 'HOST', 'RELEASE', 'STATE', 'UP', 'RESTARTS', 'IMAGE', 'DETAIL'], cells);
}

const RUNNING: readonly InstanceRow['state'][] = ['starting', 'healthy', 'unhealthy', 'draining'];

/** The clocks of two machines differ: an instance from the future has just started. */
function ageOf({ state, startedAt }: InstanceRow, now: number): string {
  if (startedAt === null || !RUNNING.includes(state)) return '-';
  return renderDuration(Math.max(0, now - startedAt));
}

/** Twelve digits of the digest, as Docker prints them. */
function shortImage(image: string): string {
  return image.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1');
}
