/**
 * The agent's whole configuration, decided once: flags over variables over the file over defaults. Unknown settings are
 * errors, all problems come together (CONFIG_INVALID), and the result is frozen. A token is named by its file or taken
 * from a variable and stands in no message.
 */
import { LongshoreError, type ProblemDetail } from '../fleet/errors.ts';
import { audienceOf } from '../protocol/audience.ts';
import { isHostName } from '../fleet/host-labels.ts';
import { crossProblems, settingsSchema, type Settings } from './config/config-schema.ts';
import { isRecord, type RawConfig, type SettingSource } from './config/settings.ts';
import type { ConfigFile } from './config/config-file.ts';
import type { LogLevel } from './log.ts';

export interface AgentConfig {
  /** `wss://host[:port]`, the audiences of its proofs; more than one where a standby may take over. */
  readonly coordinators: readonly string[];
  readonly caFile: string | null;
  readonly dataDir: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly enrollToken: EnrollTokenSource;
  /** What the host enrols with; `google`: its machine's own identity, which pulls from Google's registries, too. */
  readonly identity: 'token' | 'google';
  /** At enrolment: whether this is the host whose containers and volumes the machine holds. */
  readonly adopt: 'ask' | 'yes' | 'no';
  readonly dockerSocket: string;
  readonly subnetPool: string;
  readonly ingress: IngressConfig | null;
  /** Null: no local HTTP. */
  readonly httpListen: ListenAddress | null;
  readonly policy: PolicyConfig;
  readonly logLevel: LogLevel;
}

export type EnrollTokenSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'value'; readonly token: string }
  | { readonly kind: 'none' };

export interface IngressConfig {
  /** Null: the default images, in their order. */
  readonly image: string | null;
  readonly httpPort: number | null;
  readonly httpsPort: number | null;
  /** Addresses to bind; empty = all. */
  readonly bind: readonly string[];
  /** `host:port` of a listener for balancers. */
  readonly healthListen: string | null;
  readonly acmeEmail: string | null;
  readonly acmeDirectory: string | null;
  /** Folder of own certificates and keys. */
  readonly certificates: string | null;
  /** Address ranges of proxies in front. */
  readonly trustedProxies: readonly string[];
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What app files may ask of this host; everything is refused unless the operator allows it here. */
export interface PolicyConfig {
  readonly privileged: boolean;
  readonly hostNetwork: boolean;
  readonly dockerSocket: boolean;
  /** Volumes of another app, by `name` or `external`. */
  readonly sharedVolumes: boolean;
  /** Commands of people in containers of this host; the one permission that is there by default. */
  readonly exec: boolean;
}

export interface ConfigInputs {
  readonly file: { readonly path: string; readonly parsed: ConfigFile } | null;
  readonly environment: SettingSource;
  readonly flags: { readonly source: SettingSource; readonly mistakes: readonly string[] };
  readonly hostname: string;
}

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
  if ((file?.parsed.raw.enroll_token ?? null) !== null && file !== null) {
    problems.push(
      inFile(
        file,
        ['enroll_token'],
        'a token does not stand in the configuration: name its file with enroll_token_file',
      ),
    );
  }

  const raw = merge(merge(file?.parsed.raw ?? {}, environment.raw), flags.source.raw);
  const parsed = settingsSchema.safeParse(raw);
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
  if (!isHostName(parsed.data.name ?? inputs.hostname))
    where(['name'], `the host name \`${inputs.hostname}\` cannot be a name: set one`);
  if (problems.length > 0) throw invalid(problems);
  return deepFreeze(toConfig(parsed.data, inputs.hostname));
}

function toConfig(settings: Settings, hostname: string): AgentConfig {
  const { ingress, policy } = settings;
  return {
    coordinators: settings.coordinator.flatMap((address) => audienceOf(address) ?? []),
    caFile: settings.ca_file,
    dataDir: settings.data_dir,
    name: settings.name ?? hostname,
    labels: settings.labels,
    enrollToken:
      settings.enroll_token !== null
        ? { kind: 'value', token: settings.enroll_token }
        : settings.enroll_token_file !== null
          ? { kind: 'file', path: settings.enroll_token_file }
          : { kind: 'none' },
    identity: settings.identity,
    adopt: settings.adopt,
    dockerSocket: settings.docker_socket,
    subnetPool: settings.subnet_pool,
    ingress: ingress.enabled ? toIngressConfig(ingress) : null,
    httpListen: toListenAddress(settings.http_listen),
    policy: {
      privileged: policy.privileged,
      hostNetwork: policy.host_network,
      dockerSocket: policy.docker_socket,
      sharedVolumes: policy.shared_volumes,
      exec: policy.exec,
    },
    logLevel: settings.log_level,
  };
}

function toIngressConfig(ingress: Settings['ingress']): IngressConfig {
  return {
    image: ingress.image,
    httpPort: ingress.http_port,
    httpsPort: ingress.https_port,
    bind: ingress.bind,
    healthListen: ingress.health_listen,
    acmeEmail: ingress.acme_email,
    acmeDirectory: ingress.acme_directory,
    certificates: ingress.certificates,
    trustedProxies: ingress.trusted_proxies,
  };
}

function toListenAddress(text: string): ListenAddress | null {
  if (text === 'off') return null;
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
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
