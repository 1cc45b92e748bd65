// What the kernel says of a process: memory and CPU time. Linux only, as agents are.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export interface Memory {
  readonly bytes: number;
  /** `PSS`: pages shared with other processes count by their share; `RSS` where the kernel does not give it. */
  readonly kind: 'PSS' | 'RSS';
}

export function memoryOf(pid: number): Memory {
  const rollup = `/proc/${pid}/smaps_rollup`;
  if (existsSync(rollup)) {
    const pss = parseKilobytes(readFileSync(rollup, 'utf8'), 'Pss');
    if (pss !== null) return { bytes: pss * 1024, kind: 'PSS' };
  }
  const rss = parseKilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS');
  if (rss === null) throw new Error(`the kernel tells no memory of process ${pid}`);
  return { bytes: rss * 1024, kind: 'RSS' };
}

/** Of a line such as `Pss:   1234 kB`. Pure. */
export function parseKilobytes(text: string, field: string): number | null {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

/** User and system time since its start. */
export function cpuMsOf(pid: number): number {
  return parseCpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) * (1000 / ticksPerSecond());
}

/** Fields 14 and 15 of /proc/PID/stat; the second field, the program's name, may hold anything in parentheses. Pure. */
export function parseCpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
}
