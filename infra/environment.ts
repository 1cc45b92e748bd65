/**
 * What the infrastructure commands take from variables and files beside `fleet.yaml`: credentials of Google and a
 * public key. Nothing secret gets into a value of here: credentials are an absolute path, and of the private key
 * only that its file exists. A private key where the public one belongs is refused without showing any of it.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ProblemDetail } from '../fleet/errors.ts';
import { publicKeyProblem } from './public-key.ts';

export type GoogleCredentials =
  /** A service account's file, or any other kind that Google's libraries read. */
  | { readonly kind: 'file'; readonly path: string }
  /** What the provider finds by itself: application-default credentials, or a token in a variable. */
  | { readonly kind: 'application-default' };

export interface InfraEnvironment {
  readonly credentials: GoogleCredentials;
  /** Service account that the credentials act as; null: themselves. */
  readonly impersonate: string | null;
  /** `TYPE BASE64 [COMMENT]`; used by machines with `ssh: keys` only. */
  readonly publicKey: string | null;
  /** Only for the command that a person is shown. */
  readonly privateKeyPath: string | null;
}

export interface EnvironmentReading {
  readonly environment: InfraEnvironment;
  readonly problems: readonly ProblemDetail[];
}

type Variables = Readonly<Record<string, string | undefined>>;

const CREDENTIAL_TYPES = [
  'service_account',
  'authorized_user',
  'external_account',
  'external_account_authorized_user',
  'impersonated_service_account',
];
const TOKEN_VARIABLES = [
  'GOOGLE_OAUTH_ACCESS_TOKEN',
  'GOOGLE_CREDENTIALS',
  'GOOGLE_CLOUD_KEYFILE_JSON',
  'GCLOUD_KEYFILE_JSON',
];
const LARGEST_KEY_FILE = 64 * 1024;

type ReadText = (file: string) => string;

const readText: ReadText = (file) => readFileSync(file, 'utf8');

/**
 * @param folder that relative paths are relative to
 * @param read opens a file; the private key is not among those that it is asked for
 */
export function readEnvironment(variables: Variables, folder: string, read: ReadText = readText): EnvironmentReading {
  const problems: ProblemDetail[] = [];
  const fileOf = (variable: string): string | null => {
    const value = variables[variable]?.trim() ?? '';
    return value === '' ? null : path.resolve(folder, value.replace(/^~(?=\/)/, variables['HOME'] ?? '~'));
  };
  const check = (variable: string, problem: string | null): void => {
    if (problem !== null) problems.push({ path: variable, message: problem, line: null, column: null });
  };

  const credentialsPath = fileOf('CREDENTIALS_PATH');
  if (credentialsPath !== null) check('CREDENTIALS_PATH', credentialsProblem(credentialsPath, read));
  else if (!hasDefaultCredentials(variables))
    check(
      'CREDENTIALS_PATH',
      "is not set, and there are no application-default credentials: name a service account's JSON file, or run `gcloud auth application-default login`",
    );

  const impersonate = variables['GOOGLE_IMPERSONATE_SERVICE_ACCOUNT']?.trim() ?? '';
  if (impersonate !== '' && !/^[^@\s]+@[^@\s]+$/.test(impersonate))
    check('GOOGLE_IMPERSONATE_SERVICE_ACCOUNT', `is not the address of a service account: ${impersonate}`);

  const publicKeyPath = fileOf('PUBLIC_KEY_PATH');
  const publicKey = publicKeyPath === null ? null : readKeyText(publicKeyPath, read);
  if (publicKey !== null) check('PUBLIC_KEY_PATH', publicKey.problem);

  const privateKeyPath = fileOf('PRIVATE_KEY_PATH');
  if (privateKeyPath !== null) check('PRIVATE_KEY_PATH', privateKeyProblem(privateKeyPath));

  return {
    environment: {
      credentials: credentialsPath === null ? { kind: 'application-default' } : { kind: 'file', path: credentialsPath },
      impersonate: impersonate === '' ? null : impersonate,
      publicKey: publicKey?.problem === null ? publicKey.text : null,
      privateKeyPath,
    },
    problems,
  };
}

function credentialsProblem(file: string, read: ReadText): string | null {
  const missing = fileProblem(file);
  if (missing !== null) return missing;
  let value: unknown;
  try {
    value = JSON.parse(read(file));
  } catch {
    // The reason would quote the text, which may be a key.
    return `${file} is not JSON: it must be the key file of a service account as Google gives it out`;
  }
  if (typeof value !== 'object' || value === null) return `${file} is not the key file of a service account`;
  const fields = value as Readonly<Record<string, unknown>>;
  const type = fields['type'];
  if (typeof type !== 'string' || !CREDENTIAL_TYPES.includes(type))
    return `${file} is JSON, but not credentials of Google: its "type" is not one of ${CREDENTIAL_TYPES.join(', ')}`;
  const lacking =
    type === 'service_account' ? ['client_email', 'private_key'].filter((key) => typeof fields[key] !== 'string') : [];
  return lacking.length === 0 ? null : `${file} lacks ${lacking.join(' and ')}: download the key again`;
}

function readKeyText(file: string, read: ReadText): { readonly text: string; readonly problem: string | null } {
  const missing = fileProblem(file);
  if (missing !== null) return { text: '', problem: missing };
  if (statSync(file).size > LARGEST_KEY_FILE) return { text: '', problem: `${file} is too large for a public key` };
  const text = read(file).trim();
  const problem = publicKeyProblem(text);
  return { text: problem === null ? text : '', problem: problem === null ? null : `${file} ${problem}` };
}

/** Its content is nobody's business: only whether there is a file. */
function privateKeyProblem(file: string): string | null {
  return (
    fileProblem(file) ??
    (file.endsWith('.pub') ? `${file} is a public key by its name; the private one belongs here` : null)
  );
}

function fileProblem(file: string): string | null {
  try {
    return statSync(file).isFile() ? null : `${file} is not a file`;
  } catch (error) {
    const denied = error instanceof Error && 'code' in error && error.code === 'EACCES';
    return denied ? `${file} may not be read by you` : `${file} does not exist`;
  }
}

/** Where Google's libraries look; on a machine of Google's they ask its metadata server. */
function hasDefaultCredentials(variables: Variables): boolean {
  if (TOKEN_VARIABLES.some((name) => (variables[name] ?? '') !== '')) return true;
  const config = variables['CLOUDSDK_CONFIG'] ?? path.join(variables['HOME'] ?? '/', '.config', 'gcloud');
  const files = [
    variables['GOOGLE_APPLICATION_CREDENTIALS'],
    path.join(config, 'application_default_credentials.json'),
  ];
  return files.some((file) => file !== undefined && file !== '' && fileProblem(file) === null) || isGoogleMachine();
}

function isGoogleMachine(): boolean {
  try {
    return readFileSync('/sys/class/dmi/id/product_name', 'utf8').includes('Google Compute Engine');
  } catch {
    return false;
  }
}
