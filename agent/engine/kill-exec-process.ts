/**
 * Ends a command that was started in a container and is wanted no more. The engine has no call for that; the agent
 * runs on the same machine and knows the process. Its control group is compared first: the number may have been given
 * to another process meanwhile, or mean another one where the agent itself runs in a container.
 */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';

/** The part of dockerode's Exec that is needed. */
export interface InspectableExec {
  inspect(): Promise<{ readonly Running: boolean; readonly Pid: number; readonly ContainerID: string }>;
}

/** A command that is being started runs already while the engine still learns its number. */
const STARTING_TRIES = 40;
const STARTING_PAUSE_MS = 50;

/** Best effort: what is gone, out of reach or not surely ours is left alone. @returns whether a signal was sent */
export async function killExecProcess(exec: InspectableExec, clock: Pick<Clock, 'sleep'>): Promise<boolean> {
  const { signal } = new AbortController();
  try {
    let found = await exec.inspect();
    for (let tries = 0; found.Running && found.Pid === 0 && tries < STARTING_TRIES; tries += 1) {
      await clock.sleep(STARTING_PAUSE_MS, signal);
      found = await exec.inspect();
    }
    const { Running: running, Pid: pid, ContainerID: container } = found;
    if (!running || pid <= 1) return false;
    const group = await readFile(`/proc/${pid}/cgroup`, 'utf8');
    if (container === '' || !group.includes(container)) return false;
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  return statusCode === 404 || ['ENOENT', 'ESRCH', 'EPERM', 'EACCES'].includes(String(code));
}
