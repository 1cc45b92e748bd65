/** Whether the data has room to grow. */
import { statfs } from 'node:fs/promises';
import type { DoctorFinding } from './control-options.ts';

/** Below it a database soon cannot write. */
const FREE_BYTES_NEEDED = 512 * 1024 * 1024;

export async function diskFinding(directory: string): Promise<DoctorFinding> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const text = `${Math.round(free / 1024 / 1024)} MiB are free where the data is`;
  return { name: 'disk', ok: free >= FREE_BYTES_NEEDED, text };
}
