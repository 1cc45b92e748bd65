/** Made for one rehearsal: the root and certificate of Google's names, and the key file of an account that owns the project. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { files } from './cloud/cloud-config.ts';

const names = ['*.googleapis.com', '*.pkg.dev', 'metadata.google.internal'];
const days = '30';

/** Its names cover each API and each location's registry, so one certificate is enough. */
export function makeCertificates(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (existsSync(path.join(folder, files.certificate))) return;
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    ...['req', '-x509', ...fresh, '-days', days, '-subj', '/CN=Longshore rehearsal'],
    ...['-addext', 'keyUsage=critical,keyCertSign', '-keyout', at('root.key'), '-out', at(files.root)],
  );
  openssl('req', ...fresh, '-subj', '/CN=googleapis.com', '-keyout', at(files.key), '-out', at('request.pem'));
  writeFileSync(at('names.txt'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`);
  openssl(
    ...['x509', '-req', '-in', at('request.pem'), '-CA', at(files.root), '-CAkey', at('root.key'), '-CAcreateserial'],
    ...['-days', days, '-extfile', at('names.txt'), '-out', at(files.certificate)],
  );
  // With the root's key somebody could stand in for Google elsewhere.
  for (const name of ['root.key', 'request.pem', 'names.txt']) rmSync(at(name), { force: true });
}

export interface OwnerAccount {
  readonly email: string;
  readonly publicKey: string;
}

/** As Google gives it out; the token endpoint is the stand-in's by its name. */
export function makeCredentialsFile(file: string, project: string): OwnerAccount {
  const email = `terraform@${project}.iam.gserviceaccount.com`;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const fields = {
    type: 'service_account',
    project_id: project,
    private_key_id: 'rehearsal',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: email,
    client_id: '100000000000000000001',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
  };
  writeFileSync(file, `${JSON.stringify(fields, null, 2)}\n`, { mode: 0o600 });
  return { email, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** Of a file made before. */
export function readCredentialsFile(file: string): { readonly email: string; readonly privateKey: string } {
  const fields = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>;
  return { email: fields['client_email'] ?? '', privateKey: fields['private_key'] ?? '' };
}
