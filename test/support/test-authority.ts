/** A root of a test's own and a certificate for some names under it, made with openssl; gone with the process. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestAuthority {
  /** Root, PEM. */
  readonly root: string;
  readonly cert: string;
  readonly key: string;
}

/** @param commonName of the certificate; @param names that it is for, too */
export function testAuthority(names: readonly string[], commonName = 'test'): TestAuthority {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-authority-'));
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    openssl(
      'req',
      '-x509',
      ...fresh,
      '-days',
      '2',
      '-subj',
      '/CN=test root',
      '-keyout',
      at('root.key'),
      '-out',
      at('root.pem'),
    );
    openssl('req', ...fresh, '-subj', `/CN=${commonName}`, '-keyout', at('leaf.key'), '-out', at('leaf.csr'));
    writeFileSync(at('names'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`);
    const signing = ['-CA', at('root.pem'), '-CAkey', at('root.key'), '-CAcreateserial', '-extfile', at('names')];
    openssl('x509', '-req', '-in', at('leaf.csr'), ...signing, '-days', '2', '-out', at('leaf.pem'));
    const read = (name: string): string => readFileSync(at(name), 'utf8');
    return { root: read('root.pem'), cert: read('leaf.pem'), key: read('leaf.key') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
