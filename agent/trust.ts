/**
 * Which certificates the agent accepts from the coordinator: only the configured root where there is one,
 * otherwise Node's own list and the system's store, which Node does not read by itself.
 */
import { readFile } from 'node:fs/promises';
import { systemRoots } from '../daemon/system-roots.ts';
import { LongshoreError } from '../fleet/errors.ts';

export const isEncrypted = (coordinators: readonly string[]): boolean =>
  coordinators.some((address) => address.startsWith('wss:'));

/** What `ca` of a TLS connection is given; undefined = Node's default. @throws CONFIG_INVALID */
export async function trustedRoots(caFile: string | null): Promise<readonly string[] | undefined> {
  if (caFile !== null) {
    const pem = await readFile(caFile, 'utf8').catch((error: unknown) => {
      throw new LongshoreError(
        'CONFIG_INVALID',
        `read ca_file ${caFile}: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
    if (!pem.includes('-----BEGIN CERTIFICATE-----'))
      throw new LongshoreError('CONFIG_INVALID', `read ca_file ${caFile}: it holds no certificate in PEM`);
    return [pem];
  }
  return systemRoots();
}
