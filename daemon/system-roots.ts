/**
 * The roots that this machine trusts besides Node's own list, which Node does not read by itself. A company's proxy or
 * a rehearsal puts its root there.
 */
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';

/** Where the distributions keep it; the first that exists. */
const STORES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

/**
 * What `ca` of a TLS connection is given; undefined = Node's default, where the machine has no store.
 * @param extra file of NODE_EXTRA_CA_CERTS: part of Node's default, and of nothing that is given in its place
 */
export async function systemRoots(
  stores: readonly string[] = STORES,
  extra = process.env.NODE_EXTRA_CA_CERTS ?? '',
): Promise<readonly string[] | undefined> {
  for (const file of stores) {
    const pem = await textOf(file);
    if (pem === null) continue;
    const more = extra === '' ? null : await textOf(extra);
    const isUsable = more?.includes('-----BEGIN CERTIFICATE-----') === true;
    return [...rootCertificates, pem, ...(isUsable ? [more] : [])];
  }
  return undefined;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}
