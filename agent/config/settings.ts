/**
 * The table of settings that can also be given by a variable or a flag, and how their text becomes a value. The names
 * in the file are the paths. A token has no flag: arguments are seen by every user of the machine.
 */
import { parseArgs } from 'node:util';

export interface Setting {
  /** Where it stands in the file. */
  readonly path: readonly [string] | readonly [string, string];
  readonly env: string | null;
  readonly flag: string | null;
  readonly kind: 'text' | 'number' | 'truth' | 'labels';
  readonly help: string;
}

export const SETTINGS: readonly Setting[] = [
  {
    path: ['coordinator'],
    env: 'LONGSHORE_COORDINATOR',
    flag: 'coordinator',
    kind: 'text',
    help: 'address of the coordinator, wss://...; several, apart by commas, where a standby may take over',
  },
  {
    path: ['allow_insecure'],
    env: 'LONGSHORE_ALLOW_INSECURE',
    flag: 'allow-insecure',
    kind: 'truth',
    help: 'allow ws:// to another machine',
  },
  {
    path: ['ca_file'],
    env: 'LONGSHORE_CA_FILE',
    flag: 'ca-file',
    kind: 'text',
    help: 'trust only this root (PEM) for the coordinator',
  },
  { path: ['data_dir'], env: 'LONGSHORE_DATA_DIR', flag: 'data-dir', kind: 'text', help: 'what the agent remembers' },
  {
    path: ['name'],
    env: 'LONGSHORE_NAME',
    flag: 'name',
    kind: 'text',
    help: 'name of this host; its host name by default',
  },
  { path: ['labels'], env: 'LONGSHORE_LABELS', flag: 'label', kind: 'labels', help: 'KEY=VALUE, may be repeated' },
  {
    path: ['enroll_token_file'],
    env: 'LONGSHORE_ENROLL_TOKEN_FILE',
    flag: 'enroll-token-file',
    kind: 'text',
    help: 'file with the enrolment token',
  },
  {
    path: ['enroll_token'],
    env: 'LONGSHORE_ENROLL_TOKEN',
    flag: null,
    kind: 'text',
    help: 'the enrolment token itself',
  },
  {
    path: ['identity'],
    env: 'LONGSHORE_IDENTITY',
    flag: 'identity',
    kind: 'text',
    help: 'what it enrols with: token, or google (the identity of a Google Cloud VM)',
  },
  {
    path: ['adopt'],
    env: 'LONGSHORE_ADOPT',
    flag: 'adopt',
    kind: 'text',
    help: 'at enrolment, what a former host of this machine left: ask (the operator), yes or no',
  },
  {
    path: ['docker_socket'],
    env: 'LONGSHORE_DOCKER_SOCKET',
    flag: 'docker-socket',
    kind: 'text',
    help: "path of the Docker Engine's socket",
  },
  {
    path: ['subnet_pool'],
    env: 'LONGSHORE_SUBNET_POOL',
    flag: 'subnet-pool',
    kind: 'text',
    help: "range of the apps' networks, as 10.213.0.0/16",
  },
  {
    path: ['ingress', 'enabled'],
    env: 'LONGSHORE_INGRESS',
    flag: 'ingress',
    kind: 'truth',
    help: 'run the ingress on this host',
  },
  {
    path: ['ingress', 'image'],
    env: 'LONGSHORE_INGRESS_IMAGE',
    flag: 'ingress-image',
    kind: 'text',
    help: 'image of the proxy',
  },
  {
    path: ['ingress', 'http_port'],
    env: 'LONGSHORE_INGRESS_HTTP_PORT',
    flag: 'ingress-http-port',
    kind: 'number',
    help: 'port for HTTP',
  },
  {
    path: ['ingress', 'https_port'],
    env: 'LONGSHORE_INGRESS_HTTPS_PORT',
    flag: 'ingress-https-port',
    kind: 'number',
    help: 'port for HTTPS',
  },
  {
    path: ['http_listen'],
    env: 'LONGSHORE_HTTP_LISTEN',
    flag: 'http-listen',
    kind: 'text',
    help: 'address of /healthz, /readyz and /metrics, or off',
  },
  {
    path: ['log_level'],
    env: 'LONGSHORE_LOG_LEVEL',
    flag: 'log-level',
    kind: 'text',
    help: 'debug, info, warn or error',
  },
];

export type RawConfig = Readonly<Record<string, unknown>>;

/** One source of settings: its values in the file's form, and what to call a value of it in a message. */
export interface SettingSource {
  readonly raw: RawConfig;
  readonly nameOf: (path: readonly string[]) => string;
}

export interface FlagFacts {
  readonly configFile: string | null;
  readonly help: boolean;
  readonly version: boolean;
  readonly source: SettingSource;
  readonly mistakes: readonly string[];
}

export function settingsOfEnvironment(env: Readonly<Record<string, string | undefined>>): SettingSource {
  let raw: RawConfig = {};
  for (const setting of SETTINGS) {
    const text = setting.env === null ? undefined : env[setting.env];
    // An empty variable is one that a script did not fill, not a value.
    if (text === undefined || text === '') continue;
    raw = withValue(raw, setting.path, valueOf(setting, text.split(',')));
  }
  return { raw, nameOf: (path) => settingAt(path)?.env ?? path.join('.') };
}

export function settingsOfFlags(args: readonly string[]): FlagFacts {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }> = {
    config: { type: 'string', short: 'c' },
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
    // Known, so that its value is not taken for something else and repeated in a message.
    'enroll-token': { type: 'string' },
  };
  for (const { flag, kind } of SETTINGS)
    if (flag !== null) options[flag] = { type: 'string', multiple: kind === 'labels' };

  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const mistakes: string[] = [];
  const labels: string[] = [];
  let configFile: string | null = null;
  let raw: RawConfig = {};
  for (const token of tokens) {
    if (token.kind === 'positional')
      mistakes.push(`\`${token.value}\` is not expected: settings are given as --flag value`);
    if (token.kind !== 'option' || token.name === 'help' || token.name === 'version') continue;
    const setting = SETTINGS.find(({ flag }) => flag === token.name);
    if (token.name === 'enroll-token') {
      mistakes.push(
        '--enroll-token does not exist, because arguments are seen by every user: use --enroll-token-file or LONGSHORE_ENROLL_TOKEN',
      );
    } else if (setting === undefined && token.name !== 'config') {
      mistakes.push(`${token.rawName} is not a flag of the agent (see --help)`);
    } else if (token.value === undefined || token.value === '') {
      mistakes.push(`${token.rawName} needs a value`);
    } else if (setting === undefined) {
      configFile = token.value;
    } else if (setting.kind === 'labels') {
      labels.push(token.value);
      raw = withValue(raw, setting.path, valueOf(setting, labels));
    } else {
      raw = withValue(raw, setting.path, valueOf(setting, [token.value]));
    }
  }
  const has = (name: string): boolean => tokens.some((token) => token.kind === 'option' && token.name === name);
  const nameOf = (path: readonly string[]): string => `--${settingAt(path)?.flag ?? path.join('.')}`;
  return { configFile, help: has('help'), version: has('version'), source: { raw, nameOf }, mistakes };
}

/** What the text stands for; a text that stands for nothing stays a text and the schema names the mistake. */
function valueOf(setting: Setting, texts: readonly string[]): unknown {
  const whole = texts.join(',');
  switch (setting.kind) {
    case 'text':
      return whole;
    case 'number':
      return /^\d+$/.test(whole) ? Number(whole) : whole;
    case 'truth':
      return whole === 'true' || whole === '1' ? true : whole === 'false' || whole === '0' ? false : whole;
    case 'labels': {
      const pairs = texts.flatMap((text) => text.split(',')).map((pair) => pair.trim());
      if (pairs.some((pair) => !/^[^=]+=/.test(pair))) return whole;
      return Object.fromEntries(
        pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      );
    }
  }
}

function settingAt(path: readonly string[]): Setting | undefined {
  return SETTINGS.find((setting) => setting.path.every((part, index) => part === path[index]));
}

function withValue(raw: RawConfig, path: readonly string[], value: unknown): RawConfig {
  const [head = '', ...rest] = path;
  if (rest.length === 0) return { ...raw, [head]: value };
  const inner = raw[head];
  return { ...raw, [head]: withValue(isRecord(inner) ? inner : {}, rest, value) };
}

export function isRecord(value: unknown): value is RawConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
