/** `bash scripts/rehearse.sh`: which rehearsal, of which file, and what becomes of it; the script says what it can do. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError } from '../../fleet/errors.ts';
import { readFleetFile } from '../../infra/fleet-file/read-fleet-file.ts';
import { renderProblem } from '../../infra/render-problem.ts';
import { isRunning, stopProgram } from '../demo/programs.ts';
import { cleanUp } from './clean-up.ts';
import { parseRehearsalOptions, type RehearsalOptions } from './options.ts';
import { RehearsalFolder, type RehearsalState } from './rehearsal-folder.ts';
import { downCommand, rehearse } from './rehearse.ts';

const mainFile = 'scripts/rehearse/main.ts';
const stop = new AbortController();
const say = (text: string): void => console.log(text);

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = parseRehearsalOptions(process.argv.slice(2));
    const stateDir = execFileSync('bash', ['scripts/engine.sh', 'state-dir'], { encoding: 'utf8' }).trim();
    const folder = new RehearsalFolder(path.join(stateDir, `rehearsal-${options.name}`));
    return options.after === 'down' ? await end(folder) : await run(options, folder);
  } catch (error) {
    if (stop.signal.aborted) return 130;
    const said =
      error instanceof LongshoreError
        ? renderProblem(error.problem)
        : error instanceof Error
          ? error.message
          : String(error);
    console.error(`rehearse: ${said}`);
    return 2;
  }
}

async function run(options: RehearsalOptions, folder: RehearsalFolder): Promise<number> {
  const file = options.file ?? path.join(import.meta.dirname, 'fleet.yaml');
  const text = readFileSync(file, 'utf8');
  const fleet = readFleetFile({ path: file, text });
  const before = folder.read();
  if (before !== undefined && isRunning(before.pid, mainFile) && before.pid !== process.pid)
    throw new Error(
      `another one runs (process ${before.pid}). End it with Ctrl-C there first, or choose another --name.`,
    );
  if (before?.kept === true)
    throw new Error(`one was left running with --keep. End it first: ${downCommand(options.name)}`);
  if (before !== undefined) {
    say('Cleaning up after a rehearsal that was killed ...');
    await cleanUp(folder, before);
  }
  const interrupted = onInterrupt();
  try {
    const code = await rehearse({ options, folder, text, fleet, variables: process.env, say, signal: stop.signal });
    return stop.signal.aborted ? 130 : code;
  } finally {
    interrupted();
  }
}

async function end(folder: RehearsalFolder): Promise<number> {
  const state: RehearsalState | undefined = folder.read();
  if (state === undefined) {
    say('No rehearsal is running.');
    return 0;
  }
  // One that still runs cleans up after itself; what it leaves undone is done here.
  if (isRunning(state.pid, mainFile)) await stopProgram(state.pid, mainFile, 120_000);
  await cleanUp(folder, state);
  say('The rehearsal has ended; nothing is left of it.');
  return 0;
}

/** The first Ctrl-C ends the rehearsal in order; further ones are ignored while it does, as half a clean-up helps nobody. */
function onInterrupt(): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const interrupt = (): void => stop.abort(new Error('interrupted'));
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}
