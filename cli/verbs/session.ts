/** `login`, `init`, `version`, `doctor`: the beginning. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { EXAMPLE_APP_FILE } from '../../compose/example-app-file.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { fileFault } from '../../fleet/file-fault.ts';
import { PROTOCOL } from '../../protocol/version.ts';
import { ApiClient } from '../client/api-client.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import { parseCoordinatorUrls } from '../coordinator-url.ts';
import { leadingCoordinator } from '../leading-coordinator.ts';
import { caFile, profilePath, readCredentials, readRoots, writeProfile } from '../profile.ts';
import { readHidden, requireText } from '../read-input.ts';
import type { RunVerb } from '../verb.ts';

const CALL_MS = 10_000;

export function registerSession(program: Command, run: RunVerb): void {
  program
    .command('login')
    .description('Store where the coordinator is and your token (read from standard input, a prompt or a file)')
    .argument('<url>')
    .option('--token-file <path>', 'read the token from this file')
    .action(run(login));
  program
    .command('init')
    .description('Write a commented compose.yaml to begin with; never overwrites')
    .argument('[folder]', 'where; made if it is not there', '.')
    .action(run(init));
  program.command('version').description('Versions of this program and of the coordinator').action(run(version));
  program
    .command('doctor')
    .description('Look for what is wrong: here, on the way, and in the coordinator')
    .option('--confirm-restore', 'go on from data of the coordinator that was restored from an older copy')
    .option('--note <text>', 'why, for the event log')
    .action(run(doctor));
}

async function login(context: Context, text: string, options: { tokenFile?: string }): Promise<number> {
  const { environment } = context;
  const urls = parseCoordinatorUrls(text, 'log in', 'INPUT_INVALID');
  const url = urls.join(',');
  const file = caFile(environment);
  const ca = await readRoots(urls.find((each) => each.startsWith('https:')) ?? urls[0], file);
  for (const each of urls)
    if (!isSafe(new URL(each)))
      context.terminal.err(`warning: ${each} is not encrypted: the token can be read on the way. Use https.`);
  const token = (await readHidden(context, `token for ${url}`, options.tokenFile)).trim();
  requireText(token, `token for ${url}`, 'Type it at the prompt, pipe it in, or name a file with --token-file.');
  const given = { url: urls[0], urls, token, ca, variables: environment };
  const credentials = await leadingCoordinator(given, context.signal);
  const who = await new ApiClient({ credentials, timeoutMs: CALL_MS, signal: context.signal })
    .call('whoami')
    .catch((error: unknown) => {
      throw error instanceof LongshoreError && error.code === 'UNAUTHENTICATED' ? refusedToken(url, error) : error;
    });
  const path = profilePath(environment);
  await writeProfile(path, { url, token, ...(file === undefined ? {} : { ca: file }) });
  print(context, who, () => `Logged in to ${url} as ${who.name} (${who.role}). The profile is ${path}.`);
  return 0;
}

/** The general hint is to log in, which was just tried. */
function refusedToken(url: string, cause: LongshoreError): LongshoreError {
  return new LongshoreError('UNAUTHENTICATED', `log in: ${url} does not accept this token`, {
    hint: "Use one of this coordinator that is neither expired nor revoked: `longshore tokens make`, or the file admin-token in the coordinator's data directory.",
    cause,
  });
}

/** Encrypted, or on this machine. */
function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}

async function init(context: Context, folder: string): Promise<number> {
  const path = resolve(context.folder, folder, 'compose.yaml');
  const refused = (error: unknown, what: string, text: string, hint: string): LongshoreError =>
    new LongshoreError('INPUT_INVALID', `${what}: ${text}`, { hint, cause: error });
  const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    const text = codeOf(error) === 'EEXIST' ? 'it is not a folder' : fileFault(error);
    throw refused(error, `make the folder ${dirname(path)}`, text, 'Choose another folder.');
  });
  await writeFile(path, EXAMPLE_APP_FILE, { flag: 'wx' }).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST')
      throw refused(error, `write ${path}`, 'it exists already', 'It was left as it is. Choose another folder.');
    throw refused(error, `write ${path}`, fileFault(error), 'Check the folder.');
  });
  print(context, { written: path }, () => `Wrote ${path}. Edit it, then: longshore plan`);
  return 0;
}

async function version(context: Context): Promise<number> {
  const ours = { version: context.version, protocol: PROTOCOL };
  const theirs = await coordinatorVersion(context);
  print(
    context,
    { client: ours, coordinator: theirs },
    () => `longshore ${ours.version}\ncoordinator ${theirs === null ? 'not reached' : theirs.version}`,
  );
  return 0;
}

/** Null where there is none to ask: `version` must answer all the same. */
async function coordinatorVersion(context: Context): Promise<{ readonly version: string } | null> {
  try {
    return await (await context.api()).call('version');
  } catch (error) {
    if (error instanceof LongshoreError) return null;
    throw error;
  }
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

async function doctor(
  context: Context,
  options: { readonly confirmRestore?: boolean; readonly note?: string },
): Promise<number> {
  if (options.confirmRestore === true) return confirmRestore(context, options.note ?? null);
  const checks: Check[] = [];
  const attempt = async (name: string, work: () => Promise<string>): Promise<boolean> => {
    try {
      checks.push({ name, ok: true, text: await work() });
      return true;
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      checks.push({ name, ok: false, text: `${error.message} (hint: ${error.problem.hint})` });
      return false;
    }
  };
  const found = await attempt('profile', async () => (await readCredentials(context.environment)).url);
  const reached =
    found &&
    (await attempt('coordinator', async () => `version ${(await (await context.api()).call('version')).version}`));
  const known =
    reached && (await attempt('token', async () => describeToken(await (await context.api()).call('whoami'))));
  if (known) {
    checks.push(...(await (await context.api()).call('doctor')).checks);
    await attempt('console', async () => {
      const client = await context.openConsole();
      client.close();
      return 'the websocket opens';
    });
  }
  print(context, { checks }, () =>
    checks.map((check) => `${check.ok ? 'ok  ' : 'BAD '} ${check.name}: ${check.text}`).join('\n'),
  );
  return checks.every((check) => check.ok) ? 0 : 1;
}

async function confirmRestore(context: Context, note: string | null): Promise<number> {
  const answer = await (await context.api()).call('confirmRestore', { body: { note } });
  print(
    context,
    answer,
    () => `Confirmed: hosts get their assignments from the restored data now, in epoch ${answer.epoch}.`,
  );
  return 0;
}

function describeToken(token: { readonly name: string; readonly role: string }): string {
  return `${token.name} (${token.role})`;
}
