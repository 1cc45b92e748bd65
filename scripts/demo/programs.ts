// Starts and ends the programs of the demo. They run in sessions of their own, so that Ctrl-C reaches only the demo,
// which then ends them in order; each leaves a pid file, by which a later run finds what an earlier one left.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { DemoFolder } from './demo-state.ts';

export interface ProgramStart {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Program that runs it; this process's own by default. */
  readonly node?: string;
}

const stopMs = 10_000;

export function startProgram(folder: DemoFolder, start: ProgramStart): void {
  mkdirSync(folder.path('pids'), { recursive: true });
  const log = openSync(folder.path(`${start.name}.log`), 'a');
  const child = spawn(start.node ?? process.execPath, start.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...dockerHost(), ...start.env },
  });
  child.unref();
  writeFileSync(folder.path('pids', start.name), `${child.pid ?? ''}\n`);
}

/**
 * Ends all whose name begins so, politely first; waits until they are gone. One that somebody started again by hand has
 * no pid file: it is known by its program and the demo's folder in its command line.
 */
export async function stopPrograms(folder: DemoFolder, prefix: 'agent' | 'coordinator'): Promise<void> {
  const pids = existsSync(folder.path('pids')) ? readdirSync(folder.path('pids')) : [];
  const names = pids.filter((name) => name.startsWith(prefix));
  const kept = names.map((name) => Number(readFileSync(folder.path('pids', name), 'utf8')));
  const found = runningWith([`longshore-${prefix}.`, `${folder.root}/`]);
  await Promise.all([...new Set([...kept, ...found])].map((pid) => stopProgram(pid, folder.root, stopMs)));
  for (const name of names) rmSync(folder.path('pids', name), { force: true });
}

/** Processes, but this one, with all of these in their command line. */
function runningWith(parts: readonly string[]): readonly number[] {
  const pids = existsSync('/proc/self')
    ? readdirSync('/proc').map(Number)
    : spawnSync('ps', ['-ax', '-o', 'pid='], { encoding: 'utf8' }).stdout.split('\n').map(Number);
  return pids.filter((pid) => {
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
    const command = commandOf(pid);
    return parts.every((part) => command.includes(part));
  });
}

export function isRunning(pid: number, argument: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  return commandOf(pid).includes(argument);
}

/** From /proc where there is one, as a bare machine has no ps. */
function commandOf(pid: number): string {
  if (existsSync('/proc/self')) {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  return spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }).stdout;
}

/**
 * Politely first, by force after `patienceMs`. The pid may be another program's by now: ours has `argument` (the demo's
 * folder or main file) in its command line.
 */
export async function stopProgram(pid: number, argument: string, patienceMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isRunning(pid, argument)) return;
    process.kill(pid, signal);
    const until = performance.now() + patienceMs;
    while (performance.now() < until && isRunning(pid, argument)) await wait(100);
  }
}

export function lastLines(folder: DemoFolder, name: string, count: number): string {
  try {
    return readFileSync(folder.path(`${name}.log`), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-count)
      .join('\n');
  } catch {
    return '';
  }
}

function dockerHost(): Record<string, string> {
  return process.env.DOCKER_HOST === undefined ? {} : { DOCKER_HOST: process.env.DOCKER_HOST };
}
