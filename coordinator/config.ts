/**
 * The coordinator's configuration: flags over variables over file over defaults, checked as a whole. All mistakes are
 * listed together (CONFIG_INVALID); the result is frozen. Secrets are named by file and never stand in it.
 */
import path from 'node:path';
import { z } from 'zod';
import { LongshoreError } from '../fleet/errors.ts';
import type { ProblemDetail } from '../fleet/errors.ts';
import { audienceOf } from '../protocol/audience.ts';
import type { ConfigFile } from './config/config-file.ts';
import { deploymentsSchema, eventsSchema, toRetention } from './config/retention-settings.ts';
import { flagOf, variableOf } from './config/settings.ts';
import type { FlagSettings, RawSettings } from './config/settings.ts';
import type { RetentionConfig } from './retention/retention-config.ts';

const METRICS_ACCESS = ['token', 'open'] as const;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export interface CoordinatorConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Own addresses in the spelling of `audienceOf`; null = of the port that is bound (loopback only). */
  readonly audiences: readonly [string, ...string[]] | null;
  readonly dataDir: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly secretsKeyFile: string;
  readonly insecureRegistries: readonly string[];
  readonly dockerConfigFile: string | null;
  /** Root certificate (PEM) that machines need in order to trust this coordinator; null: none of its own. */
  readonly caFile: string | null;
  /** Folder with the agents that `install.sh` brings; null: `agents` beside the program. */
  readonly agentsDir: string | null;
  readonly keepReleases: number;
  readonly retention: RetentionConfig;
  /** Who reads `/metrics`: whoever has a token, or everybody who reaches it. */
  readonly metrics: (typeof METRICS_ACCESS)[number];
  /** Set where it runs in a fleet on Google Cloud. */
  readonly google: GoogleConfig | null;
  readonly database: DatabaseConfig;
  /** False: it waits until another coordinator has begun the database, and only takes over. */
  readonly beginsData: boolean;
  /** Addresses and ranges of proxies in front, whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

export interface GoogleConfig {
  readonly project: string;
  /** Bucket with `fleet.json`. */
  readonly bucket: string;
  /** Of the secrets `PREFIX-secrets-key`, `PREFIX-admin-token` and `PREFIX-database-password`. */
  readonly secretPrefix: string;
}

/** Where the data is. An address holds a password, so it is named by the place where it stands. */
export type DatabaseConfig =
  /** `coordinator.db` in the data directory. */
  | { readonly kind: 'sqlite' }
  /** `DATABASE_URL` of the environment. */
  | { readonly kind: 'variable' }
  | { readonly kind: 'file'; readonly urlFile: string }
  /** An instance of Cloud SQL in the project of `google`. */
  | { readonly kind: 'cloud-sql'; readonly instance: string };

export interface ConfigInputs {
  readonly file: ConfigFile | null;
  readonly environment: RawSettings;
  readonly flags: FlagSettings;
  /** Whether `DATABASE_URL` is set; it wins over the file. */
  readonly hasDatabaseUrl: boolean;
}

const file = z
  .string()
  .min(1)
  .refine((text) => path.isAbsolute(text), 'is not an absolute path');
const text = z.string().min(1);

const DATABASE_FORM = 'must have url_file, or cloud_sql';

const schema = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/, 'is not HOST:PORT')
    .refine((listen) => toListen(listen).port <= 65_535, 'has a port above 65535')
    .default('127.0.0.1:7400'),
  public_url: z
    .union([text, z.array(text)])
    .transform((urls) => (typeof urls === 'string' ? [urls] : urls))
    .pipe(z.array(z.string().refine((url) => audienceOf(url) !== null, 'is not an https:// or wss:// address')))
    .default([]),
  data_dir: file.default('/var/lib/longshore-coordinator'),
  tls_cert_file: file.nullable().default(null),
  tls_key_file: file.nullable().default(null),
  allow_insecure: z.boolean({ error: 'is neither true nor false' }).default(false),
  secrets_key_file: file.nullable().default(null),
  insecure_registries: z.array(z.string().regex(/^[a-z0-9.-]+(:\d+)?$/, 'is not HOST or HOST:PORT')).default([]),
  docker_config_file: file.nullable().default(null),
  ca_file: file.nullable().default(null),
  agents_dir: file.nullable().default(null),
  keep_releases: z.int({ error: 'is not a whole number' }).min(2).max(1_000).default(20),
  events: eventsSchema,
  deployments: deploymentsSchema,
  trusted_proxies: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'is not an address or a range as 10.0.0.0/8'))
    .default([]),
  metrics: z.enum(METRICS_ACCESS, 'is neither token nor open').default('token'),
  google: z
    .strictObject(
      {
        project: z
          .string({ error: 'is missing' })
          .regex(/^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'is not the id of a project'),
        bucket: z
          .string({ error: 'is missing' })
          .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'is not the name of a bucket'),
        secret_prefix: z
          .string({ error: 'is missing' })
          .regex(/^[A-Za-z0-9_-]{1,200}$/, 'must be letters, digits, - and _, at most 200'),
      },
      { error: (issue) => (issue.code === 'invalid_type' ? 'must have project, bucket and secret_prefix' : undefined) },
    )
    .nullable()
    .default(null),
  database: z
    .strictObject(
      {
        url_file: file.optional(),
        cloud_sql: z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,96}$/, 'is not the name of an instance')
          .optional(),
        begin: z.boolean('is neither true nor false').optional(),
      },
      { error: (issue) => (issue.code === 'invalid_type' ? DATABASE_FORM : undefined) },
    )
    .refine((given) => (given.url_file === undefined) !== (given.cloud_sql === undefined), DATABASE_FORM)
    .nullable()
    .default(null),
  log_level: z.enum(LOG_LEVELS).default('info'),
});
type Settings = z.output<typeof schema>;

/** @throws CONFIG_INVALID with every mistake */
export function parseCoordinatorConfig(inputs: ConfigInputs): CoordinatorConfig {
  const details: ProblemDetail[] = inputs.flags.mistakes.map((message) => elsewhere('flags', message));
  details.push(...(inputs.file?.problems ?? []));
  const seen = new Set<string>();
  const parsed = schema.safeParse({ ...inputs.file?.raw, ...inputs.environment, ...inputs.flags.raw });
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const key = String(issue.path[0] ?? '');
      if (issue.code === 'unrecognized_keys')
        details.push(...issue.keys.map((unknown) => whereIn(inputs, [...issue.path, unknown], 'is not a setting')));
      // One mistake a setting: what follows from the first would only confuse.
      else if (!seen.has(key)) details.push(whereIn(inputs, issue.path, issue.message));
      if (issue.path.length < 2) seen.add(key);
    }
  } else {
    for (const [key, message] of crossProblems(parsed.data, inputs)) details.push(where(inputs, key, message));
  }
  if (!parsed.success || details.length > 0) {
    const count = details.length === 1 ? 'a mistake' : `${details.length} mistakes`;
    throw new LongshoreError('CONFIG_INVALID', `read the coordinator's configuration: ${count}`, { details });
  }
  return toConfig(parsed.data, inputs);
}

function crossProblems(settings: Settings, { hasDatabaseUrl }: ConfigInputs): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  const { host } = toListen(settings.listen);
  if ((settings.tls_cert_file === null) !== (settings.tls_key_file === null)) {
    const missing = settings.tls_cert_file === null ? 'tls_cert_file' : 'tls_key_file';
    found.push([missing, 'is missing: certificate and key go together']);
  }
  const isPlain = settings.tls_cert_file === null;
  if (isPlain && !isLoopback(host) && !settings.allow_insecure) {
    found.push([
      'listen',
      `serves ${host} without TLS: set tls_cert_file and tls_key_file, or allow_insecure where a proxy in front ends TLS`,
    ]);
  }
  if (!isLoopback(host) && settings.public_url.length === 0) {
    found.push(['public_url', 'is missing: agents prove themselves to this address, so it cannot be guessed']);
  }
  if (settings.google !== null && settings.secrets_key_file !== null) {
    found.push(['secrets_key_file', 'has no meaning with google: the key of the secrets is in Secret Manager']);
  }
  if (settings.database?.cloud_sql !== undefined && settings.google === null && !hasDatabaseUrl) {
    found.push(['database', '`cloud_sql` needs google: the instance is looked for in its project']);
  }
  return found;
}

function toConfig(settings: Settings, inputs: ConfigInputs): CoordinatorConfig {
  const [first, ...rest] = settings.public_url.flatMap((url) => audienceOf(url) ?? []);
  const { tls_cert_file: certFile, tls_key_file: keyFile } = settings;
  return Object.freeze({
    listen: Object.freeze(toListen(settings.listen)),
    audiences: first === undefined ? null : Object.freeze([first, ...rest] as const),
    dataDir: settings.data_dir,
    tls: certFile === null || keyFile === null ? null : Object.freeze({ certFile, keyFile }),
    secretsKeyFile: settings.secrets_key_file ?? path.join(settings.data_dir, 'secrets.key'),
    insecureRegistries: Object.freeze(settings.insecure_registries),
    dockerConfigFile: settings.docker_config_file,
    caFile: settings.ca_file,
    agentsDir: settings.agents_dir,
    keepReleases: settings.keep_releases,
    retention: toRetention(settings.events, settings.deployments),
    trustedProxies: Object.freeze(settings.trusted_proxies),
    metrics: settings.metrics,
    google:
      settings.google === null
        ? null
        : Object.freeze({
            project: settings.google.project,
            bucket: settings.google.bucket,
            secretPrefix: settings.google.secret_prefix,
          }),
    beginsData: settings.database?.begin ?? true,
    database: Object.freeze(toDatabase(settings.database, inputs.hasDatabaseUrl)),
    logLevel: settings.log_level,
  });
}

function toDatabase(given: Settings['database'], hasDatabaseUrl: boolean): DatabaseConfig {
  if (hasDatabaseUrl) return { kind: 'variable' };
  if (given?.url_file !== undefined) return { kind: 'file', urlFile: given.url_file };
  return given?.cloud_sql === undefined ? { kind: 'sqlite' } : { kind: 'cloud-sql', instance: given.cloud_sql };
}

/** What agents and people of this machine may call it where nothing else is configured. */
export function loopbackAudiences(
  config: Pick<CoordinatorConfig, 'tls'>,
  port: number,
): readonly [string, ...string[]] {
  const scheme = config.tls === null ? 'ws' : 'wss';
  const of = (host: string): string => audienceOf(`${scheme}://${host}:${port}`) ?? '';
  return [of('127.0.0.1'), of('localhost'), of('[::1]')];
}

function toListen(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** A setting inside of another is told with its whole name, at the place of the outer one. */
function whereIn(inputs: ConfigInputs, path: readonly PropertyKey[], message: string): ProblemDetail {
  const [key = '', ...inner] = path.map(String);
  return inner.length === 0 ? where(inputs, key, message) : where(inputs, key, `\`${inner.join('.')}\` ${message}`);
}

/** A mistake is told where it was made: the flag, the variable, or the line of the file. */
function where(inputs: ConfigInputs, key: string, message: string): ProblemDetail {
  if (Object.hasOwn(inputs.flags.raw, key)) return elsewhere(`--${flagOf(key)}`, message);
  if (Object.hasOwn(inputs.environment, key)) return elsewhere(variableOf(key), message);
  const place = inputs.file?.placeOf(key) ?? null;
  if (inputs.file === null || place === null) return elsewhere(key, message);
  return { path: `${inputs.file.path}: ${key}`, message, ...place };
}

const elsewhere = (at: string, message: string): ProblemDetail => ({ path: at, message, line: null, column: null });
