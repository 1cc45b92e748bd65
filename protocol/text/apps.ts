/** Apps, releases, events, tokens and secrets as text. */
import { pinnedReference } from '../../fleet/image-reference.ts';
import type { EnrollTokenView, RegistryView, SecretView, TokenView } from '../http-api/access-views.ts';
import type { AppHealthView, AppView, EventView, ReleaseView } from '../http-api/views.ts';
import { renderCause } from './cause.ts';
import { counted } from './counted.ts';
import { plainText } from './plain-text.ts';
import { renderTable } from './table.ts';
import { renderAgo, renderTime } from './time.ts';

export function renderApps(apps: readonly AppView[]): string {
  if (apps.length === 0) return 'No apps yet. `longshore init` writes a compose.yaml, `longshore deploy` ships it.';
  const rows = apps.map((app) => [
    app.app,
    releaseOf(app),
    `${app.converged}/${app.hosts}`,
    app.healthy ? 'yes' : 'no',
    app.deployment === null ? '-' : `${app.deployment.id} ${app.deployment.state}`,
    [app.schedule ?? 'off', ...notPulled(app)].join('; '),
    app.urls.join(' ') || '-',
  ]);
  return renderTable(['APP', 'RELEASE', 'CONVERGED', 'HEALTHY', 'DEPLOYMENT', 'UPDATES', 'URLS'], rows);
}

function releaseOf(app: AppView): string {
  const release = app.release === null ? '-' : String(app.release);
  const others = runningElsewhere(app);
  return others.length === 0 ? release : `${release} (${others.join('; ')})`;
}

/** Hosts that are not on the app's release, by what they run: `2 on b, c`. */
export function runningElsewhere({ release, running }: Pick<AppView, 'release' | 'running'>): readonly string[] {
  return running
    .filter((other) => other.release === null || other.release !== release)
    .map(({ release: other, hosts, names }) => {
      const on = hosts <= NAMES_SHOWN && names.length === hosts ? names.join(', ') : counted(hosts, 'host');
      return `${other === null ? 'nothing yet' : String(other)} on ${on}`;
    });
}

const NAMES_SHOWN = 3;

/** Without a schedule there are no updates that a rollback could hold. */
function notPulled({ quarantined, schedule }: AppView): readonly string[] {
  const failed = quarantined.filter((item) => item.kind === 'failed').length;
  const isHeld = failed < quarantined.length;
  return [
    ...(failed > 0 ? [`${failed} quarantined`] : []),
    ...(isHeld && schedule !== null ? ['held after a rollback'] : []),
  ];
}

export function renderAppHealth(health: AppHealthView): string {
  const services = health.services.map((service) => [
    service.service,
    String(service.wanted),
    String(service.healthy),
    String(service.unhealthy),
  ]);
  const hosts = health.hosts.map((host) => [
    host.host,
    host.connected ? 'yes' : 'no',
    host.converged ? 'yes' : 'no',
    host.release === null ? '-' : String(host.release),
    host.waiting ?? '',
  ]);
  return [
    `${health.app} is ${health.healthy ? 'healthy' : 'not healthy'}`,
    '',
    renderTable(['SERVICE', 'WANTED', 'HEALTHY', 'UNHEALTHY'], services),
    '',
    renderTable(['HOST', 'CONNECTED', 'CONVERGED', 'RELEASE', 'WAITING FOR'], hosts),
  ].join('\n');
}

export function renderReleases(releases: readonly ReleaseView[], now: number): string {
  if (releases.length === 0) return 'No releases.';
  const rows = releases.map((release) => [
    `${release.number}${release.current ? ' *' : ''}`,
    release.outcome ?? 'never deployed',
    renderAgo(release.createdAt, now),
    Object.entries(release.images)
      .map(([service, image]) => `${service}=${pinnedReference(image.reference, image.digest.slice(7, 19))}`)
      .join(' '),
    renderCause(release.cause),
  ]);
  return `${renderTable(['RELEASE', 'OUTCOME', 'MADE', 'IMAGES', 'CAUSE'], rows)}\n* = current`;
}

/** A host that was away tells afterwards: then both times are said. */
const TOLD_LATE_MS = 10_000;

/** One line where its text is one; the further lines of a longer text (a container's last words) are indented. */
export function renderEvent(event: EventView): string {
  const [first = '', ...rest] = plainText(event.text).trimEnd().split('\n');
  const { at, occurredAt } = event;
  const when = occurredAt !== null && at - occurredAt >= TOLD_LATE_MS ? `, at ${renderTime(occurredAt)}` : '';
  const head = `${renderTime(at)}  ${event.kind}  ${first}  (${renderCause(event.cause)}${when})`;
  return [head, ...rest.map((line) => `    ${line}`)].join('\n');
}

export function renderEvents(events: readonly EventView[]): string {
  return events.length === 0 ? 'No events.' : events.map(renderEvent).join('\n');
}

export function renderTokens(tokens: readonly TokenView[], now: number): string {
  if (tokens.length === 0) return 'No tokens.';
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    token.role,
    renderAgo(token.createdAt, now),
    renderAgo(token.lastUsedAt, now),
    validity(token, now),
  ]);
  return renderTable(['ID', 'NAME', 'ROLE', 'MADE', 'USED', 'VALID'], rows);
}

export function renderEnrollTokens(tokens: readonly EnrollTokenView[], now: number): string {
  if (tokens.length === 0) return 'No enrolment tokens.';
  const rows = tokens.map((token) => [
    token.id,
    token.kind,
    token.pool ?? '-',
    renderAgo(token.createdAt, now),
    String(token.uses),
    validity(token, now),
  ]);
  return renderTable(['ID', 'KIND', 'POOL', 'MADE', 'USES', 'VALID'], rows);
}

function validity(
  token: { readonly revokedAt: number | null; readonly expiresAt: number | null },
  now: number,
): string {
  if (token.revokedAt !== null) return 'revoked';
  if (token.expiresAt === null) return 'yes';
  return token.expiresAt <= now ? 'expired' : `until ${renderTime(token.expiresAt)}`;
}

export function renderSecrets(secrets: readonly SecretView[], now: number): string {
  if (secrets.length === 0) return 'No secrets.';
  return renderTable(
    ['SECRET', 'VERSION', 'SET'],
    secrets.map((secret) => [secret.name, String(secret.version), renderAgo(secret.setAt, now)]),
  );
}

export function renderRegistries(registries: readonly RegistryView[], now: number): string {
  if (registries.length === 0) return 'No registry credentials.';
  return renderTable(
    ['REGISTRY', 'USER', 'SET'],
    registries.map((registry) => [registry.registry, registry.username, renderAgo(registry.setAt, now)]),
  );
}
