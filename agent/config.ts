/**
 * The agent's whole configuration, decided once: flags over variables over the file over defaults. Unknown settings are
 * errors, all problems come together (CONFIG_INVALID), and the result is frozen. A token is named by its file or taken
 * from a variable and stands in no message.
 */
import { z } from 'zod';
import { LongshoreError, type ProblemDetail } from '../fleet/errors.ts';
import { audienceOf } from '../protocol/audience.ts';
import { isRecord, type RawConfig, type SettingSource } from './config/settings.ts';
import type { ConfigFile } from './config/config-file.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';

export interface AgentConfig {
  /** `wss://host[:port]`, the audience of every proof. */
  readonly coordinator: string;
  readonly caFile: string | null;
  readonly dataDir: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly enrollToken: EnrollTokenSource;
  readonly dockerSocket: string;
  readonly subnetPool: string;
  readonly ingress: IngressConfig | null;
  /** Null: no local HTTP. */
  readonly httpListen: ListenAddress | null;
  readonly policy: HostPolicy;
  readonly logLevel: LogLevel;
}

export type EnrollTokenSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'value'; readonly token: string }
  | { readonly kind: 'none' };

export interface IngressConfig {
  readonly image: string;
  readonly httpPort: number | null;
  readonly httpsPort: number | null;
  readonly acmeEmail: string | null;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What app files may ask of this host; everything is refused unless the operator allows it here (D33). */
export interface HostPolicy {
  readonly privileged: boolean;
  readonly hostNetwork: boolean;
  readonly dockerSocket: boolean;
  /** Commands of people in containers of this host; the one permission that is there by default. */
  readonly exec: boolean;
}

export interface ConfigInputs {
  readonly file: { readonly path: string; readonly parsed: ConfigFile } | null;
  readonly environment: SettingSource;
  readonly flags: { readonly source: SettingSource; readonly mistakes: readonly string[] };
  readonly hostname: string;
}

const absolutePath = z.string().startsWith('/', 'must be an absolute path');
const port = z.number().int().min(1).max(65_535);
const name = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, 'must be letters, digits, `.`, `-`, `_`, at most 63');
const labelKey = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,62}$/, 'is not a label name');
/** YAML reads `zone: 1` as a number; a label is text. */
const labelValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const schema = z.strictObject({
  coordinator: z.string('is missing: the address of the coordinator, as wss://ship.example.com'),
  allow_insecure: z.boolean().default(false),
  ca_file: absolutePath.nullable().default(null),
  data_dir: absolutePath.default('/var/lib/longshore-agent'),
  name: name.optional(),
  labels: z.record(labelKey, labelValue).default({}),
  enroll_token_file: absolutePath.nullable().default(null),
  enroll_token: z.string().min(1).nullable().default(null),
  docker_socket: absolutePath.default('/var/run/docker.sock'),
  subnet_pool: z
    .string()
    .refine(isSubnetPool, 'must be an IPv4 network of 8 to 24 bits, as 10.213.0.0/16')
    .default('10.213.0.0/16'),
  ingress: z
    .strictObject({
      enabled: z.boolean().default(true),
      image: z.string().min(1).default('docker.io/library/caddy:2'),
      http_port: port.nullable().default(80),
      https_port: port.nullable().default(443),
      acme_email: z.email('is not a mail address').nullable().default(null),
    })
    .prefault({}),
  http_listen: z
    .string()
    .regex(/^(off|(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9.-]+):\d{1,5})$/, 'must be HOST:PORT, or off')
    .default('127.0.0.1:7411'),
  policy: z
    .strictObject({
      privileged: z.boolean().default(false),
      host_network: z.boolean().default(false),
      docker_socket: z.boolean().default(false),
      exec: z.boolean().default(true),
    })
    .prefault({}),
  log_level: z.enum(LOG_LEVELS).default('info'),
});

type Settings = z.output<typeof schema>;

/** @throws CONFIG_INVALID with every problem */
export function parseAgentConfig(inputs: ConfigInputs): AgentConfig {
  const { file, environment, flags } = inputs;
  const problems: ProblemDetail[] = flags.mistakes.map((message) => ({
    path: 'flags',
    message,
    line: null,
    column: null,
  }));
  for (const found of file?.parsed.problems ?? []) problems.push({ ...found, path: file?.path ?? '' });
  if (file !== null && file.parsed.raw.enroll_token !== undefined && file.parsed.raw.enroll_token !== null) {
    problems.push(
      inFile(
        file,
        ['enroll_token'],
        'a token does not stand in the configuration: name its file with enroll_token_file',
      ),
    );
  }

  const raw = merge(merge(file?.parsed.raw ?? {}, environment.raw), flags.source.raw);
  const parsed = schema.safeParse(raw);
  const where = (path: readonly PropertyKey[], message: string): void => {
    const keys = path.map(String);
    if (has(flags.source.raw, keys)) problems.push(elsewhere(flags.source.nameOf(keys), message));
    else if (has(environment.raw, keys)) problems.push(elsewhere(environment.nameOf(keys), message));
    else if (file !== null) problems.push(inFile(file, keys, message));
    else problems.push(elsewhere(keys.join('.'), message));
  };
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys) where([...issue.path, key], 'is not a setting');
      else where(issue.path, issue.message);
    }
    throw invalid(problems);
  }
  for (const [path, message] of crossProblems(parsed.data)) where([path], message);
  if (!name.safeParse(parsed.data.name ?? inputs.hostname).success)
    where(['name'], `the host name \`${inputs.hostname}\` cannot be a name: set one`);
  if (problems.length > 0) throw invalid(problems);
  return deepFreeze(toConfig(parsed.data, inputs.hostname));
}

/** Rules over more than one setting. */
function crossProblems(settings: Settings): [string, string][] {
  const problems: [string, string][] = [];
  const audience = audienceOf(settings.coordinator);
  const url = URL.canParse(settings.coordinator) ? new URL(settings.coordinator) : null;
  if (audience === null || url === null) {
    problems.push(['coordinator', 'must be an address as wss://ship.example.com']);
  } else {
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/')
      problems.push(['coordinator', 'must be scheme, host and port only']);
    if (audience.startsWith('ws:') && !isLoopback(url.hostname) && !settings.allow_insecure)
      problems.push([
        'coordinator',
        `would carry everything unencrypted to ${url.host}: use wss://, or set allow_insecure: true`,
      ]);
    if (audience.startsWith('ws:') && settings.ca_file !== null)
      problems.push(['ca_file', 'has no meaning without wss://']);
  }
  const { enabled, http_port: http, https_port: https } = settings.ingress;
  if (enabled && http === null && https === null) problems.push(['ingress', 'needs http_port or https_port']);
  if (enabled && http !== null && http === https) problems.push(['ingress', 'http_port and https_port are the same']);
  if (settings.enroll_token !== null && settings.enroll_token_file !== null)
    problems.push(['enroll_token', 'is given twice: as a file and as a value']);
  if (
    settings.http_listen !== 'off' &&
    Number(settings.http_listen.slice(settings.http_listen.lastIndexOf(':') + 1)) > 65_535
  )
    problems.push(['http_listen', 'has a port above 65535']);
  return problems;
}

function toConfig(settings: Settings, hostname: string): AgentConfig {
  const { ingress, policy } = settings;
  return {
    coordinator: audienceOf(settings.coordinator) ?? '',
    caFile: settings.ca_file,
    dataDir: settings.data_dir,
    name: settings.name ?? hostname,
    labels: settings.labels,
    enrollToken:
      settings.enroll_token_file !== null
        ? { kind: 'file', path: settings.enroll_token_file }
        : settings.enroll_token !== null
          ? { kind: 'value', token: settings.enroll_token }
          : { kind: 'none' },
    dockerSocket: settings.docker_socket,
    subnetPool: settings.subnet_pool,
    ingress: ingress.enabled
      ? {
          image: ingress.image,
          httpPort: ingress.http_port,
          httpsPort: ingress.https_port,
          acmeEmail: ingress.acme_email,
        }
      : null,
    httpListen: toListenAddress(settings.http_listen),
    policy: {
      privileged: policy.privileged,
      hostNetwork: policy.host_network,
      dockerSocket: policy.docker_socket,
      exec: policy.exec,
    },
    logLevel: settings.log_level,
  };
}

function toListenAddress(text: string): ListenAddress | null {
  if (text === 'off') return null;
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isSubnetPool(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return false;
  const [bits = 0, ...octets] = match.slice(1).map(Number).reverse();
  if (octets.some((octet) => octet > 255) || bits < 8 || bits > 24) return false;
  const address = octets.reduceRight((sum, octet) => sum * 256 + octet, 0);
  return address % 2 ** (32 - bits) === 0;
}

function merge(under: RawConfig, over: RawConfig): RawConfig {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    // Labels given by a flag replace those of the file; sections are merged setting by setting.
    merged[key] = key !== 'labels' && isRecord(below) && isRecord(value) ? merge(below, value) : value;
  }
  return merged;
}

function has(raw: RawConfig, path: readonly string[]): boolean {
  const [head = '', ...rest] = path;
  const value = raw[head];
  return value !== undefined && (rest.length === 0 || (isRecord(value) && has(value, rest)));
}

function inFile(
  file: { readonly path: string; readonly parsed: ConfigFile },
  keys: readonly string[],
  message: string,
): ProblemDetail {
  const place = file.parsed.placeOf(keys);
  return { path: `${file.path}: ${keys.join('.')}`, message, line: place?.line ?? null, column: place?.column ?? null };
}

const elsewhere = (path: string, message: string): ProblemDetail => ({ path, message, line: null, column: null });

function invalid(details: readonly ProblemDetail[]): LongshoreError {
  const count = details.length === 1 ? 'a mistake' : `${details.length} mistakes`;
  return new LongshoreError('CONFIG_INVALID', `read the agent's configuration: ${count}`, { details });
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
