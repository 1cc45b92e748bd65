/** A real agent as a process of its own, with its data in a folder that the test gave, and its output kept. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { programs } from '../../scripts/build/programs.ts';

export interface AgentProcess {
  readonly child: ChildProcess;
  /** All of stderr so far. */
  readonly output: () => string;
  /** Resolves with the exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  said(pattern: RegExp): Promise<void>;
}

export interface BuiltAgent {
  readonly file: string;
  remove(): Promise<void>;
}

/** Bundles the agent as `npm run build` does: a process of it then starts in a tenth of a second. */
export async function buildAgent(): Promise<BuiltAgent> {
  const program = programs.find(({ name }) => name === 'agent');
  if (program === undefined) throw new Error('the build has no agent');
  await mkdir('.cache', { recursive: true });
  const folder = await mkdtemp(path.resolve('.cache', 'agent-'));
  const file = path.join(folder, 'longshore-agent.cjs');
  await build({ ...program.options, entryPoints: [program.entry], outfile: file });
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}

export function startAgent(
  built: BuiltAgent,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): AgentProcess {
  const child = spawn(process.execPath, [built.file, ...args], {
    // None of the variables of whoever runs the test.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let wake: () => void = () => undefined;
  const take = (data: Buffer): void => {
    output += data.toString('utf8');
    wake();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
      wake();
    });
  });
  return {
    child,
    output: () => output,
    ended,
    async said(pattern) {
      while (!pattern.test(output)) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the agent ended: ${output}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
