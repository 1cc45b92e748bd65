/**
 * Which certificates the agent accepts from the coordinator: only the configured root where there is one,
 * otherwise Node's own list and the system's store, which Node does not read by itself.
 */
import { readFile } from 'node:fs/promises';
import { certificatesOf } from '../daemon/certificates-of.ts';
import { systemRoots } from '../daemon/system-roots.ts';
import { LongshoreError } from '../fleet/errors.ts';
import { fileFault } from '../fleet/file-fault.ts';

export const isEncrypted = (coordinators: readonly string[]): boolean =>
  coordinators.some((address) => address.startsWith('wss:'));

/** What `ca` of a TLS connection is given; undefined = Node's default. @throws CONFIG_INVALID */
export async function trustedRoots(caFile: string | null): Promise<readonly string[] | undefined> {
  if (caFile !== null) {
    try {
      return certificatesOf(await readFile(caFile, 'utf8'));
    } catch (error) {
      throw new LongshoreError('CONFIG_INVALID', `read ca_file ${caFile}: ${fileFault(error)}`, {
        hint: "Name the root that signed the coordinator's certificate, in PEM, in a file that the agent may read.",
        cause: error,
      });
    }
  }
  return systemRoots();
}
