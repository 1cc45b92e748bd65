/**
 * Ends a command that was started in a container and is wanted no more. The engine has no call for that; the agent
 * runs on the same machine and knows the process. Its control group is compared first: the number may have been given
 * to another process meanwhile, or mean another one where the agent itself runs in a container.
 */
import { readFile } from 'node:fs/promises';

/** The part of dockerode's Exec that is needed. */
export interface InspectableExec {
  inspect(): Promise<{ readonly Running: boolean; readonly Pid: number; readonly ContainerID: string }>;
}

/** Best effort: what is gone, out of reach or not surely ours is left alone. @returns whether a signal was sent */
export async function killExecProcess(exec: InspectableExec): Promise<boolean> {
  try {
    const { Running: running, Pid: pid, ContainerID: container } = await exec.inspect();
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
