/**
 * The roots that this machine trusts besides Node's own list, which Node does not read by itself. A company's proxy or
 * a rehearsal puts its root there.
 */
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';

/** Where the distributions keep it; the first that exists. */
const STORES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

/** What `ca` of a TLS connection is given; undefined = Node's default, where the machine has no store. */
export async function systemRoots(stores: readonly string[] = STORES): Promise<readonly string[] | undefined> {
  for (const file of stores) {
    try {
      return [...rootCertificates, await readFile(file, 'utf8')];
    } catch {
      // The next one; a machine without any has Node's.
    }
  }
  return undefined;
}
