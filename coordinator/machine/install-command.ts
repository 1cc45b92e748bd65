/**
 * `longshore-coordinator install`: checks what is given and what the machine has, and renders the script that does the
 * rest (setup/coordinator-install.ts). Settings are those of the program; the file is written once, from flags.
 */
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LongshoreError, type ProblemDetail } from '../../fleet/errors.ts';
import { renderCoordinatorInstall } from '../../setup/coordinator-install.ts';
import { COORDINATOR_AGENTS, COORDINATOR_CONFIG, COORDINATOR_DISK } from '../../setup/coordinator-unit.ts';
import { parseCoordinatorConfig, type CoordinatorConfig } from '../config.ts';
import { parseConfigFile, type ConfigFile } from '../config/config-file.ts';
import { flagOf, SETTINGS, settingsOfFlags, type FlagSettings, type RawSettings } from '../config/settings.ts';

export interface InstallInputs {
  readonly args: readonly string[];
  /** Text of the configuration that is there; null: none. */
  readonly configText: string | null;
  /** Folder of the running program; null: it runs from source. */
  readonly programFolder: string | null;
  exists(file: string): boolean;
}

export const INSTALL_USAGE = `longshore-coordinator install --public-url URL --tls-cert-file FILE --tls-key-file FILE [settings] [--agents FOLDER]
longshore-coordinator install --public-url URL --listen HOST:PORT [settings]      behind a proxy that ends TLS

Makes this machine (Linux with systemd, as root) the coordinator: user, program, unit, data directory, and
${COORDINATOR_CONFIG}, which is written once and never overwritten. Run it again to repair or to update.
--agents names the folder with the agents' archives that install.sh brings; by default the one beside the program's.
`;

/** Where systemd hides what is there from the unit. */
const HIDDEN = /^\/(home|root|run\/user|tmp|var\/tmp|dev|proc|sys)(\/|$)/;
/** What can stand in a unit as it is. */
const PLAIN_PATH = /^\/[A-Za-z0-9._@+/-]*$/;

/** @returns the script @throws CONFIG_INVALID, INPUT_INVALID with all mistakes */
export function installScript(inputs: InstallInputs): string {
  const { configText, programFolder } = inputs;
  if (programFolder === null || !inputs.exists(path.join(programFolder, 'node')))
    throw new LongshoreError('INPUT_INVALID', 'install: no Node is beside this program', {
      hint: 'Run it from the unpacked archive longshore-coordinator-linux-x64.tar.gz of `npm run build:programs`.',
    });
  const { agents, others } = takeAgents(inputs.args);
  const flags = settingsOfFlags(others);
  const file = configText === null ? null : parseConfigFile(COORDINATOR_CONFIG, configText);
  const settings = file === null ? firstSettings(flags) : flags.raw;
  const config = parse(file, { ...flags, raw: settings, mistakes: mistakesOf(flags) });
  if (file !== null) refuseOtherSettings(file, flags, config);
  refuseHiddenPaths(config);
  const keyFile = config.secretsKeyFile;
  return renderCoordinatorInstall({
    programFolder,
    agentsFolder: agents ?? path.dirname(programFolder),
    configText: file === null ? renderSettings(settings) : null,
    dataDir: config.dataDir,
    secretsKeyFile: isInside(keyFile, config.dataDir) ? null : keyFile,
    read: filesOf(config).filter(({ setting }) => setting !== 'data_dir'),
    url: (config.audiences?.at(-1) ?? `ws://${config.listen.host}:${config.listen.port}`).replace(/^ws/, 'http'),
  });
}

function takeAgents(args: readonly string[]): { readonly agents: string | null; readonly others: readonly string[] } {
  const others: string[] = [];
  let agents: string | null = null;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--agents' || arg.startsWith('--agents=')) {
      agents = arg === '--agents' ? (args[(index += 1)] ?? '') : arg.slice('--agents='.length);
      if (agents === '') throw new LongshoreError('INPUT_INVALID', 'install: flag --agents needs a value');
    } else others.push(arg);
  }
  return { agents: agents === null ? null : path.resolve(agents), others };
}

function mistakesOf(flags: FlagSettings): readonly string[] {
  return flags.configFile === null
    ? flags.mistakes
    : [...flags.mistakes, `--config: install writes ${COORDINATOR_CONFIG}`];
}

/** What the flags leave out, where they say enough. @throws INPUT_INVALID */
function firstSettings({ raw, mistakes }: FlagSettings): RawSettings {
  const missing: ProblemDetail[] = [];
  const isMissing = (at: string, message: string): void => {
    missing.push({ path: at, message, line: null, column: null });
  };
  const [url] = [raw.public_url].flat();
  if (typeof url !== 'string')
    isMissing('--public-url', 'is missing: the address under which agents and people reach the coordinator');
  const isTls = raw.tls_cert_file !== undefined || raw.tls_key_file !== undefined;
  if (!isTls && raw.listen === undefined)
    isMissing(
      '--tls-cert-file',
      'is missing, and so is --tls-key-file: it serves TLS itself; behind a proxy that ends TLS give --listen 127.0.0.1:7400 instead',
    );
  // What is no flag at all is told first.
  if (missing.length > 0 && mistakes.length === 0)
    throw new LongshoreError('INPUT_INVALID', 'install: settings are missing', {
      details: missing,
      hint: 'longshore-coordinator install --help',
    });
  return {
    ...(raw.listen === undefined ? { listen: `0.0.0.0:${portOf(String(url))}` } : {}),
    ...raw,
    ...(raw.agents_dir === undefined ? { agents_dir: COORDINATOR_AGENTS } : {}),
  };
}

function portOf(url: string): string {
  return URL.canParse(url) && new URL(url).port !== '' ? new URL(url).port : '443';
}

function parse(file: ConfigFile | null, flags: FlagSettings): CoordinatorConfig {
  // The unit has neither our environment nor our flags.
  return parseCoordinatorConfig({ file, environment: {}, flags, hasDatabaseUrl: false });
}

function refuseOtherSettings(file: ConfigFile, flags: FlagSettings, withFlags: CoordinatorConfig): void {
  const none = { ...flags, raw: {} };
  const asItIs = parse(file, none);
  if (isDeepStrictEqual(asItIs, withFlags)) return;
  const details = Object.entries(flags.raw)
    .filter(([key, value]) => !isDeepStrictEqual(parse(file, { ...none, raw: { [key]: value } }), asItIs))
    .map(([key]) => ({
      path: `--${flagOf(key)}`,
      message: 'is another value than the file has',
      line: null,
      column: null,
    }));
  throw new LongshoreError('INPUT_INVALID', `install: ${COORDINATOR_CONFIG} is there and is not overwritten`, {
    details,
    hint: `Change ${COORDINATOR_CONFIG} and run \`systemctl restart longshore-coordinator\`; leave the flags out here.`,
  });
}

function refuseHiddenPaths(config: CoordinatorConfig): void {
  const wrong = filesOf(config).flatMap(({ setting, file }) =>
    HIDDEN.test(file)
      ? [{ path: setting, message: `${file} is hidden from the unit: put it somewhere else`, line: null, column: null }]
      : [],
  );
  if (!PLAIN_PATH.test(config.dataDir))
    wrong.push({ path: 'data_dir', message: `${config.dataDir} cannot stand in a unit`, line: null, column: null });
  if (wrong.length > 0)
    throw new LongshoreError('CONFIG_INVALID', 'install: the unit could not use these', {
      details: wrong,
      hint: `Certificates and keys may stand in /etc/longshore, data in ${COORDINATOR_DISK}.`,
    });
}

function filesOf(config: CoordinatorConfig): readonly { readonly setting: string; readonly file: string }[] {
  const { tls, caFile, dockerConfigFile, secretsKeyFile, dataDir, database } = config;
  const found: readonly (readonly [string, string | null | undefined])[] = [
    ['data_dir', dataDir],
    ['tls_cert_file', tls?.certFile],
    ['tls_key_file', tls?.keyFile],
    ['ca_file', caFile],
    ['docker_config_file', dockerConfigFile],
    ['secrets_key_file', isInside(secretsKeyFile, dataDir) ? null : secretsKeyFile],
    ['database', database.kind === 'file' ? database.urlFile : null],
  ];
  return found.flatMap(([setting, file]) => (file == null ? [] : [{ setting, file }]));
}

const isInside = (file: string, folder: string): boolean => !path.relative(folder, file).startsWith('..');

/** JSON is YAML. */
function renderSettings(settings: RawSettings): string {
  const lines = SETTINGS.flatMap(({ key }) =>
    settings[key] === undefined ? [] : [`${key}: ${JSON.stringify(settings[key])}\n`],
  );
  return `# Written by \`longshore-coordinator install\`; it is yours from now on. All settings: longshore-coordinator --help\n${lines.join('')}`;
}
