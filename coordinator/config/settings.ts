/** Settings that come from variables and flags, in the form of the file. Their names are the file's, spelled alike. */
import { parseArgs } from 'node:util';

export interface Setting {
  readonly key: string;
  /** How the text of a variable or flag becomes a value of the file. */
  readonly kind: 'text' | 'list' | 'flag' | 'number';
  readonly help: string;
}

export const SETTINGS: readonly Setting[] = [
  { key: 'listen', kind: 'text', help: 'HOST:PORT to listen on (127.0.0.1:7400)' },
  { key: 'public_url', kind: 'list', help: 'address under which agents and people reach it; may be given again' },
  { key: 'data_dir', kind: 'text', help: 'where the database and its keys are (/var/lib/longshore-coordinator)' },
  { key: 'tls_cert_file', kind: 'text', help: 'certificate chain (PEM); with it https and wss are served' },
  { key: 'tls_key_file', kind: 'text', help: 'its private key (PEM)' },
  { key: 'allow_insecure', kind: 'flag', help: 'serve plain HTTP to other machines, too' },
  { key: 'secrets_key_file', kind: 'text', help: 'key of the secrets (DATA_DIR/secrets.key)' },
  {
    key: 'insecure_registries',
    kind: 'list',
    help: 'registries that are asked over plain HTTP, besides those on loopback',
  },
  { key: 'docker_config_file', kind: 'text', help: "logins of registries, as Docker's config.json" },
  { key: 'ca_file', kind: 'text', help: 'root certificate (PEM) of its own that machines need; install.sh brings it' },
  {
    key: 'agents_dir',
    kind: 'text',
    help: 'folder with the agents that install.sh brings (agents beside the program)',
  },
  { key: 'keep_releases', kind: 'number', help: 'releases kept of each app (20)' },
  {
    key: 'trusted_proxies',
    kind: 'list',
    help: 'addresses or ranges of proxies in front, whose X-Forwarded-For is believed',
  },
  { key: 'metrics', kind: 'text', help: 'who reads /metrics: token (of a viewer) or open (token)' },
  { key: 'log_level', kind: 'text', help: 'debug, info, warn or error (info)' },
];

export type RawSettings = Readonly<Record<string, unknown>>;

export interface FlagSettings {
  readonly raw: RawSettings;
  readonly mistakes: readonly string[];
  readonly configFile: string | null;
  readonly help: boolean;
  readonly version: boolean;
}

export const variableOf = (key: string): string => `LONGSHORE_${key.toUpperCase()}`;
export const flagOf = (key: string): string => key.replaceAll('_', '-');

export function settingsOfEnvironment(environment: Readonly<Record<string, string | undefined>>): RawSettings {
  return Object.fromEntries(
    SETTINGS.flatMap(({ key, kind }) => {
      const text = environment[variableOf(key)];
      return text === undefined || text === ''
        ? []
        : [[key, toValue(kind, kind === 'list' ? text.split(',') : [text])]];
    }),
  );
}

export function settingsOfFlags(args: readonly string[]): FlagSettings {
  const options = Object.fromEntries(
    SETTINGS.map(({ key, kind }) => [
      flagOf(key),
      kind === 'flag' ? ({ type: 'boolean' } as const) : ({ type: 'string', multiple: true } as const),
    ]),
  );
  const { values, tokens } = parseArgs({
    args: [...args],
    options: {
      ...options,
      config: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    },
    strict: false,
    tokens: true,
  });
  const known = new Set([...Object.keys(options), 'config', 'help', 'version']);
  const mistakes = tokens.flatMap((token) => {
    if (token.kind === 'positional') return [`\`${token.value}\` is not a flag`];
    if (token.kind !== 'option') return [];
    if (!known.has(token.name)) return [`there is no flag ${token.rawName}`];
    const needsValue = token.name === 'config' || (token.name in options && options[token.name]?.type === 'string');
    return needsValue && token.value === undefined ? [`flag ${token.rawName} needs a value`] : [];
  });
  const raw = Object.fromEntries(
    SETTINGS.flatMap(({ key, kind }) => {
      const value: unknown = (values as Readonly<Record<string, unknown>>)[flagOf(key)];
      if (value === undefined) return [];
      return [[key, toValue(kind, Array.isArray(value) ? value.map(String) : ['true'])]];
    }),
  );
  const config = (values as Readonly<Record<string, unknown>>).config;
  return {
    raw,
    mistakes,
    configFile: typeof config === 'string' ? config : null,
    help: values.help === true,
    version: values.version === true,
  };
}

function toValue(kind: Setting['kind'], texts: readonly string[]): unknown {
  const last = texts.at(-1) ?? '';
  switch (kind) {
    case 'text':
      return last;
    case 'list':
      return texts.map((text) => text.trim()).filter((text) => text !== '');
    case 'flag':
      // What is neither stays text, and the schema says what it should be.
      return last === 'true' ? true : last === 'false' ? false : last;
    case 'number':
      return /^\d+$/.test(last) ? Number(last) : last;
  }
}
