/**
 * An access token of the person who plans, found the way Terraform's provider finds it. Kept in memory for one check
 * and shown nowhere. Kinds that need a program or a browser give null: then Terraform itself is the first to ask.
 */
import { createSign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { InfraEnvironment } from '../environment.ts';
import type { GoogleRequest } from './google-request.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const METADATA_TOKEN = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const accountSchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.string().default('https://oauth2.googleapis.com/token'),
});
const userSchema = z.object({
  type: z.literal('authorized_user'),
  client_id: z.string(),
  client_secret: z.string(),
  refresh_token: z.string(),
});
const tokenSchema = z.object({ access_token: z.string() });

export interface TokenInputs {
  readonly environment: InfraEnvironment;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly request: GoogleRequest;
  readonly nowMs: number;
}

/** @throws where Google refuses the credentials, or does not answer; the message holds nothing secret */
export async function accessToken(inputs: TokenInputs): Promise<string | null> {
  const own = await ownToken(inputs);
  const { impersonate } = inputs.environment;
  if (own === null || impersonate === null) return own;
  const answer = await inputs.request({
    method: 'POST',
    url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${impersonate}:generateAccessToken`,
    headers: { authorization: `Bearer ${own}`, 'content-type': 'application/json' },
    body: JSON.stringify({ scope: [SCOPE], lifetime: '300s' }),
  });
  const parsed = z.object({ accessToken: z.string() }).safeParse(answer.body);
  if (parsed.success) return parsed.data.accessToken;
  throw new Error(`acting as ${impersonate} was refused with status ${answer.status}`);
}

async function ownToken({ environment, variables, request, nowMs }: TokenInputs): Promise<string | null> {
  const given = variables['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? '';
  if (given !== '') return given;
  const text = credentialsText(environment, variables);
  if (text === null) {
    const answer = await request({ method: 'GET', url: METADATA_TOKEN, headers: { 'metadata-flavor': 'Google' } });
    return tokenOf(answer.body, 'the metadata server', answer.status);
  }
  const value = parseJson(text);
  const account = accountSchema.safeParse(value);
  if (account.success) {
    const assertion = signedAssertion(account.data, nowMs);
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
    const answer = await request({ method: 'POST', url: account.data.token_uri, headers: FORM, body: form.toString() });
    return tokenOf(answer.body, `the credentials of ${account.data.client_email}`, answer.status);
  }
  const user = userSchema.safeParse(value);
  if (!user.success) return null;
  const { type: _type, ...login } = user.data;
  const form = new URLSearchParams({ grant_type: 'refresh_token', ...login });
  const answer = await request({
    method: 'POST',
    url: 'https://oauth2.googleapis.com/token',
    headers: FORM,
    body: form.toString(),
  });
  return tokenOf(answer.body, 'your application-default login', answer.status);
}

/** Null: there is no file, so the machine itself must be Google's. */
function credentialsText(environment: InfraEnvironment, variables: TokenInputs['variables']): string | null {
  if (environment.credentials.kind === 'file') return readFileSync(environment.credentials.path, 'utf8');
  const config = variables['CLOUDSDK_CONFIG'] ?? path.join(variables['HOME'] ?? '/', '.config', 'gcloud');
  const inline = ['GOOGLE_CREDENTIALS', 'GOOGLE_CLOUD_KEYFILE_JSON', 'GCLOUD_KEYFILE_JSON']
    .map((name) => variables[name] ?? '')
    .find((text) => text !== '');
  // As the provider reads it: the content, or a file that holds it.
  if (inline !== undefined) return existsSync(inline) ? readFileSync(inline, 'utf8') : inline;
  const file = [
    variables['GOOGLE_APPLICATION_CREDENTIALS'],
    path.join(config, 'application_default_credentials.json'),
  ].find((name) => name !== undefined && name !== '' && existsSync(name));
  return file === undefined ? null : readFileSync(file, 'utf8');
}

/** RFC 7523: the account says who it is, signed with its own key. */
function signedAssertion(account: z.output<typeof accountSchema>, nowMs: number): string {
  const now = Math.floor(nowMs / 1000);
  const header = {
    alg: 'RS256',
    typ: 'JWT',
    ...(account.private_key_id === undefined ? {} : { kid: account.private_key_id }),
  };
  const claims = { iss: account.client_email, scope: SCOPE, aud: account.token_uri, iat: now, exp: now + 300 };
  const unsigned = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  let signature: string;
  try {
    signature = createSign('RSA-SHA256').update(unsigned).sign(account.private_key, 'base64url');
  } catch {
    throw new Error(
      `the private key in the credentials of ${account.client_email} cannot be read: download the key again`,
    );
  }
  return `${unsigned}.${signature}`;
}

function tokenOf(body: unknown, whose: string, status: number): string {
  const parsed = tokenSchema.safeParse(body);
  if (parsed.success) return parsed.data.access_token;
  throw new Error(`${whose} got no token from Google (status ${status}): they may be revoked, or of another project`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
