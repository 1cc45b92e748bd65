/**
 * `postgres://` addresses to what a connection needs. Pure. Nothing of an address stands in a message: it may hold the
 * password.
 *
 * To another machine the connection is encrypted and the server's certificate checked against its name, unless the
 * address says otherwise (`sslmode`): what the coordinator keeps is worth more than an address that is short.
 */
import type { ProblemDetail } from '../../fleet/errors.ts';

export interface PostgresAddress {
  /** A name, an address, or the folder of the server's socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | null;
  readonly tls: PostgresTls;
}

export type PostgresTls =
  | { readonly kind: 'none' }
  /** Encrypted, to whoever answers. */
  | { readonly kind: 'encrypted' }
  /** A certificate of one of these roots (PEM; null: those of this machine), whatever its name. */
  | { readonly kind: 'root'; readonly roots: readonly string[] | null }
  /** Its name must be the host that was dialled, too. */
  | { readonly kind: 'host'; readonly roots: readonly string[] | null }
  /** One of these names must stand in it as the common name: an address dialled by its number. */
  | { readonly kind: 'common-name'; readonly roots: readonly string[]; readonly names: readonly string[] };

/** An address as it was written: its roots are still a file. */
export type ParsedAddress =
  | { readonly kind: 'address'; readonly address: PostgresAddress; readonly rootFile: string | null }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof MODES)[number];

export function parsePostgresUrl(text: string): ParsedAddress {
  const form = 'is not an address of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE';
  const url = urlOf(text.trim());
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol))
    return { kind: 'problems', problems: [form] };
  const problems: string[] = [];
  const settings = new Map<string, string>();
  for (const [key, value] of url.searchParams) {
    if (!SETTINGS.includes(key)) problems.push(`has a setting that is unknown here: ${JSON.stringify(key)}`);
    settings.set(key, value);
  }
  const host = decoded(url.hostname).replace(/^\[|\]$/g, '') || (settings.get('host') ?? '');
  const user = decoded(url.username) || (settings.get('user') ?? '');
  const password = decoded(url.password) || (settings.get('password') ?? '');
  const database = decoded(url.pathname.slice(1)) || user;
  if (host === '') problems.push('names no host');
  if (user === '') problems.push('names no user');
  const port = Number(url.port || (settings.get('port') ?? '5432'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) problems.push('has an invalid port');
  const mode = settings.get('sslmode') ?? (isLocal(host) ? 'disable' : 'verify-full');
  if (!isMode(mode)) problems.push(`has an sslmode other than ${MODES.join(', ')}`);
  const rootFile = settings.get('sslrootcert') ?? null;
  if (rootFile !== null && !rootFile.startsWith('/')) problems.push('has an sslrootcert that is not an absolute path');
  if (problems.length > 0 || !isMode(mode)) return { kind: 'problems', problems };
  const tls = host.startsWith('/') ? NO_TLS : tlsOf(mode, rootFile !== null);
  return {
    kind: 'address',
    address: { host, port, database, user, password: password === '' ? null : password, tls },
    rootFile: tls.kind === 'root' || tls.kind === 'host' ? rootFile : null,
  };
}

const SETTINGS: readonly string[] = ['host', 'port', 'user', 'password', 'sslmode', 'sslrootcert'];
const NO_TLS: PostgresTls = { kind: 'none' };

function tlsOf(mode: Mode, hasRoots: boolean): PostgresTls {
  switch (mode) {
    case 'disable':
      return NO_TLS;
    case 'require':
      // As everywhere else: whoever names roots wants them checked.
      return hasRoots ? { kind: 'root', roots: null } : { kind: 'encrypted' };
    case 'verify-ca':
      return { kind: 'root', roots: null };
    case 'verify-full':
      return { kind: 'host', roots: null };
  }
}

/** The address as people may see it. */
export const publicName = ({ host, port, database }: PostgresAddress): string =>
  host.startsWith('/') ? `${database} at ${host}` : `${database} at ${host.includes(':') ? `[${host}]` : host}:${port}`;

export const toDetails = (where: string, problems: readonly string[]): readonly ProblemDetail[] =>
  problems.map((message) => ({ path: where, message, line: null, column: null }));

function urlOf(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A password with a lone % is meant as it stands.
    return part;
  }
}

const isMode = (text: string): text is Mode => (MODES as readonly string[]).includes(text);
const isLocal = (host: string): boolean =>
  host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
