/**
 * Which boot of the machine this is: the kernel's boot id with the start of its first process, so that a container that
 * is a machine of its own has boots of its own. Null where /proc does not say.
 */
import { readFile } from 'node:fs/promises';

export async function readBootId(proc = '/proc'): Promise<string | null> {
  try {
    const [boot, stat] = await Promise.all([
      readFile(`${proc}/sys/kernel/random/boot_id`, 'utf8'),
      readFile(`${proc}/1/stat`, 'utf8'),
    ]);
    return bootIdOf(boot, stat);
  } catch {
    return null;
  }
}

/** The name of the process stands in brackets and may hold any character: the fields are counted from its end. */
export function bootIdOf(boot: string, stat: string): string | null {
  const start = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ')[19];
  return boot.trim() === '' || start === undefined || !/^\d+$/.test(start) ? null : `${boot.trim()}-${start}`;
}
