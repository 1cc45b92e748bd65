/** All verbs together, and how an error becomes a message and an exit code. Builds nothing until a verb asks for it. */
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { ERRORS, LongshoreError } from '../fleet/errors.ts';
import { renderProblem } from '../protocol/text/problem.ts';
import { ApiClient } from './client/api-client.ts';
import { ConsoleClient } from './client/console-client.ts';
import type { Context } from './context.ts';
import { parseCoordinatorUrls } from './coordinator-url.ts';
import { leadingCoordinator } from './leading-coordinator.ts';
import { parseDurationOption } from './duration-option.ts';
import { readCredentials } from './profile.ts';
import type { Environment } from './profile.ts';
import type { Terminal } from './terminal.ts';
import type { RegisterVerb, RunVerb } from './verb.ts';
import { registerApps } from './verbs/apps.ts';
import { registerCompletion } from './verbs/completion.ts';
import { registerConsole } from './verbs/console.ts';
import { registerDeploy } from './verbs/deploy.ts';
import { registerDeployments } from './verbs/deployments.ts';
import { registerHosts } from './verbs/hosts.ts';
import { registerImport } from './verbs/import.ts';
import { registerPs } from './verbs/ps.ts';
import { registerRemove } from './verbs/rm.ts';
import { registerRestart } from './verbs/restart.ts';
import { registerEnrollToken, registerSecrets, registerTokens } from './verbs/secrets.ts';
import { registerScale } from './verbs/scale.ts';
import { registerSession } from './verbs/session.ts';
import { registerStreams } from './verbs/streams.ts';
import { wrongUse } from './wrong-use.ts';

export interface ProgramOptions {
  readonly terminal: Terminal;
  readonly environment: Environment;
  readonly version: string;
  readonly folder: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

interface SharedOptions {
  readonly json?: boolean;
  readonly timeout?: number;
  readonly url?: string;
  readonly ca?: string;
}

/** The coordinator may have to ask a registry before it answers. */
const CALL_MS = 60_000;
const VERBS: readonly RegisterVerb[] = [
  registerSession,
  registerHosts,
  registerApps,
  registerPs,
  registerRestart,
  registerScale,
  registerRemove,
  registerDeploy,
  registerDeployments,
  registerStreams,
  registerImport,
  registerSecrets,
  registerTokens,
  registerEnrollToken,
  registerConsole,
  registerCompletion,
];

/** @param parameters without node and script. @returns the exit code; never throws */
export async function runProgram(parameters: readonly string[], options: ProgramOptions): Promise<number> {
  let exit = 0;
  const program = new Command('longshore')
    .description('Ships containers to machines you own.')
    .version(`longshore ${options.version}`, '--version')
    .option('--json', 'data for machines instead of text')
    .option(
      '--timeout <duration>',
      'wait for an answer, or follow a deployment, for so long at most',
      parseDurationOption,
    )
    .option(
      '--url <url>',
      'of the coordinator; several, apart by commas, where a standby may take over (default: LONGSHORE_URL, then the profile of `login`)',
    )
    .option(
      '--ca <file>',
      "authority that signed the coordinator's certificate, in PEM (default: LONGSHORE_CA, then the profile of `login`)",
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong use or input, 3 rolled back, 4 cancelled or superseded,\n5 not reachable, 6 not allowed.',
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => options.terminal.streams.stdout.write(text),
      writeErr: (text) => options.terminal.streams.stderr.write(text),
    });
  const run: RunVerb =
    (work) =>
    async (...parameters_) => {
      exit = (await work(createContext(options, program.opts()), ...parameters_)) ?? 0;
    };
  for (const register of VERBS) register(program, run);
  registerHelp(program);
  for (const command of [program, ...everyCommand(program)])
    command.exitOverride().configureOutput({
      ...program.configureOutput(),
      outputError: (text, write) => write(`${renderProblem(wrongUse(command, text))}\n`),
    });
  try {
    await program.parseAsync([...parameters], { from: 'user' });
    return exit;
  } catch (error) {
    const code = exitOf(error, options);
    return code !== 0 && code !== 130 && asksDetailedExit(parameters) ? 1 : code;
  }
}

/** Commander's own answers an unknown command with the help of all, and no word of the mistake. */
function registerHelp(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .description('Help for a command')
    .argument('[command...]')
    .action((path: readonly string[]) => {
      let command = program;
      for (const name of path)
        command =
          command.commands.find((each) => each.name() === name) ?? command.error(`error: unknown command '${name}'`);
      command.help();
    });
}

function everyCommand(command: Command): readonly Command[] {
  return command.commands.flatMap((sub) => [sub, ...everyCommand(sub)]);
}

function createContext(options: ProgramOptions, shared: SharedOptions): Context {
  const environment: Environment = {
    ...options.environment,
    ...(shared.url === undefined
      ? {}
      : { LONGSHORE_URL: parseCoordinatorUrls(shared.url, 'read --url', 'INPUT_INVALID').join(',') }),
    ...(shared.ca === undefined ? {} : { LONGSHORE_CA: resolve(options.folder, requireNamed(shared.ca)) }),
  };
  return {
    ...options,
    environment,
    json: shared.json === true,
    timeoutMs: shared.timeout ?? null,
    api: async () =>
      new ApiClient({
        credentials: await leadingCoordinator(await readCredentials(environment), options.signal),
        timeoutMs: Math.min(CALL_MS, shared.timeout ?? CALL_MS),
        signal: options.signal,
      }),
    openConsole: async () =>
      ConsoleClient.open(await leadingCoordinator(await readCredentials(environment), options.signal), options.signal),
  };
}

/** There 2 means changes: an error must not look like them, and one of the command line itself is one too. */
function asksDetailedExit(parameters: readonly string[]): boolean {
  const flags = parameters.includes('--') ? parameters.slice(0, parameters.indexOf('--')) : parameters;
  return flags.includes('--detailed-exitcode');
}

/** An empty variable of a script counts as none; an empty flag is a mistake. @throws INPUT_INVALID */
function requireNamed(file: string): string {
  if (file !== '') return file;
  throw new LongshoreError('INPUT_INVALID', 'read --ca: it names no file', { hint: 'Write --ca FILE.' });
}

function exitOf(error: unknown, options: ProgramOptions): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof LongshoreError) {
    if (!options.signal.aborted || error.code === 'TIMEOUT') options.terminal.err(renderProblem(error.problem));
    return options.signal.aborted ? 130 : ERRORS[error.code].exit;
  }
  if (options.signal.aborted) return 130;
  options.terminal.err(`INTERNAL: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}
