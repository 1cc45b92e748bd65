/**
 * `longshore-agent re-enrol`: the host enrols again, with a new token and new keys, here or at another coordinator, and
 * keeps its containers and volumes. It leaves a request in the data directory, which the agent's next start carries out;
 * an agent that runs is asked to start again.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LongshoreError } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { AgentConfig } from '../config.ts';
import { changedConfig } from '../config/changed-config.ts';
import { readIfThere, writeDurably } from '../durable-file.ts';
import { askControl } from '../power-off/ask-control.ts';
import { requestReEnrolment } from './re-enrolment.ts';

export interface ReEnrolArguments {
  /** `-`: standard input. Null: none was given. */
  readonly tokenFile: string | null;
  readonly host: HostId | null;
  /** What replaces a setting of the configuration's file, by its name there. */
  readonly changes: Readonly<Record<string, string>>;
  /** Flags that say which agent. */
  readonly others: readonly string[];
}

const OPTIONS = {
  'enroll-token-file': { type: 'string' },
  coordinator: { type: 'string' },
  'ca-file': { type: 'string' },
  host: { type: 'string' },
  config: { type: 'string', short: 'c' },
  'data-dir': { type: 'string' },
} as const;

/** @throws INPUT_INVALID */
export function reEnrolArguments(args: readonly string[]): ReEnrolArguments {
  let values: Partial<Record<keyof typeof OPTIONS, string>>;
  try {
    values = parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new LongshoreError('INPUT_INVALID', `re-enrol: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'See `longshore-agent --help`.',
    });
  }
  const { host = null, coordinator, config } = values;
  if (host !== null && !isHostId(host))
    throw new LongshoreError('INPUT_INVALID', `re-enrol: --host ${host} is not the id of a host (h-...)`);
  return {
    tokenFile: values['enroll-token-file'] ?? null,
    host,
    changes: {
      ...(coordinator === undefined ? {} : { coordinator }),
      ...(values['ca-file'] === undefined ? {} : { ca_file: values['ca-file'] }),
    },
    others: [
      ...(config === undefined ? [] : [`--config=${config}`]),
      ...(values['data-dir'] === undefined ? [] : [`--data-dir=${values['data-dir']}`]),
    ],
  };
}

export interface ReEnrolContext {
  readonly configFile: string;
  /** The agent's configuration as it is now, or with `more` flags. */
  readonly readConfig: (more: readonly string[]) => Promise<AgentConfig>;
  readonly readStdin: () => Promise<string>;
}

/** @returns what to tell @throws INPUT_INVALID, CONFIG_INVALID */
export async function reEnrol(given: ReEnrolArguments, context: ReEnrolContext): Promise<string> {
  const flags = Object.entries(given.changes).map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`);
  // Checked as flags first: nothing is written where an address is wrong.
  const config = await context.readConfig(flags);
  const token = given.tokenFile === null ? null : await readToken(given.tokenFile, context.readStdin);
  if (token === null && config.identity === 'token' && config.enrollToken.kind === 'none')
    throw new LongshoreError('INPUT_INVALID', 're-enrol: a token is needed', {
      hint: 'Make one with `longshore enroll-token` and name its file with --enroll-token-file.',
    });
  await writeChanges(given.changes, config, context);
  await requestReEnrolment(config.dataDir, { token, host: given.host });
  return await restartAgent(config.dataDir);
}

async function readToken(file: string, readStdin: () => Promise<string>): Promise<string> {
  const text = (file === '-' ? await readStdin() : await readNamed(file)).trim();
  if (text !== '' && !/\s/.test(text) && text.length <= 256) return text;
  throw new LongshoreError('INPUT_INVALID', `re-enrol: ${file} does not hold one token on one line`);
}

async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(path.resolve(file), 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('INPUT_INVALID', `re-enrol: read the token ${file}: ${reason}`, { cause: error });
  }
}

/** @throws CONFIG_INVALID where the file is not what decides: a variable stands over it */
async function writeChanges(
  changes: ReEnrolArguments['changes'],
  wanted: AgentConfig,
  { configFile, readConfig }: ReEnrolContext,
): Promise<void> {
  if (Object.keys(changes).length === 0) return;
  const text = await readIfThere(configFile);
  const changed = await changedConfig(text ?? '', changes);
  if (changed !== text) await writeDurably(configFile, changed, { mode: 0o644, uid: null, gid: null });
  const now = await readConfig([]);
  if (now.coordinators.join() === wanted.coordinators.join() && now.caFile === wanted.caFile) return;
  if (changed !== text && text !== null) await writeDurably(configFile, text, { mode: 0o644, uid: null, gid: null });
  throw new LongshoreError('CONFIG_INVALID', `re-enrol: ${configFile} does not decide the coordinator's address`, {
    hint: 'A variable (LONGSHORE_COORDINATOR, LONGSHORE_CA_FILE) stands over the file: change it there, and run this without --coordinator and --ca-file.',
  });
}

async function restartAgent(dataDir: string): Promise<string> {
  const answer = await askControl(dataDir, { command: 'restart' });
  switch (answer) {
    case 'restarting':
      return 'the agent starts again and enrols: see its log, and `longshore hosts`';
    case 'refused':
      return 'the agent that runs is of an older version: restart it, and it enrols again';
    case 'away':
      return 'no agent runs here: start it (`systemctl start longshore-agent`), and it enrols again';
  }
}
