/** `console`: a REPL over the websocket, with history and completion by the coordinator. */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { LongshoreError } from '../../fleet/errors.ts';
import { plainLine } from '../../protocol/text/plain-text.ts';
import { renderProblem } from '../../protocol/text/problem.ts';
import type { ConsoleClient } from '../client/console-client.ts';
import type { Context } from '../context.ts';
import { profilePath } from '../profile.ts';
import type { RunVerb } from '../verb.ts';

const HISTORY_LINES = 500;

export function registerConsole(program: Command, run: RunVerb): void {
  program
    .command('console')
    .description('Type commands to the coordinator, with history and completion')
    .action(run(repl));
}

async function repl(context: Context): Promise<number> {
  const client = await context.openConsole();
  const historyPath = join(dirname(profilePath(context.environment)), 'history');
  const { stdin, stdout } = context.terminal.streams;
  const interactive = stdin.isTTY === true;
  const lines = createInterface({
    input: stdin,
    output: stdout,
    terminal: interactive,
    history: [...(await readHistory(historyPath))].reverse(),
    historySize: HISTORY_LINES,
    completer: (line: string) => complete(client, line),
  });
  context.signal.addEventListener('abort', () => lines.close(), { once: true });
  if (interactive)
    context.terminal.out(
      `Connected as ${client.welcome.name} (${client.welcome.role}). \`help\` lists the verbs, Ctrl-D leaves.`,
    );
  lines.setPrompt(interactive ? 'longshore> ' : '');
  lines.prompt();
  let failed = false;
  try {
    for await (const line of lines) {
      const text = line.trim();
      if (text === 'exit' || text === 'quit') break;
      if (text !== '') {
        failed = !(await runText(context, client, text));
        if (interactive) await remember(historyPath, text);
      }
      lines.prompt();
    }
  } finally {
    lines.close();
    client.close();
  }
  // A script piped in ends with the state of its last line, as a shell's does.
  return failed && !interactive ? 1 : 0;
}

/** @returns whether it worked. @throws UNREACHABLE when the socket ended */
async function runText(context: Context, client: ConsoleClient, text: string): Promise<boolean> {
  const call = client.call({ kind: 'line', text }, (frame) => {
    if (frame.kind === 'text') context.terminal.out(frame.text);
  });
  try {
    return (await call.finished) === 0;
  } catch (error) {
    if (!(error instanceof LongshoreError) || error.code === 'UNREACHABLE') throw error;
    context.terminal.err(renderProblem(error.problem));
    return false;
  }
}

async function complete(client: ConsoleClient, line: string): Promise<[string[], string]> {
  let items: string[] = [];
  await client.call({ kind: 'complete', text: line }, (frame) => {
    if (frame.kind === 'completions') items = frame.items.map(plainLine);
  }).finished;
  return [items, line.split(/\s+/).at(-1) ?? ''];
}

async function readHistory(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .slice(-HISTORY_LINES);
  } catch {
    // No history yet: the first session has none.
    return [];
  }
}

async function remember(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await appendFile(path, `${text}\n`, { mode: 0o600 });
}
