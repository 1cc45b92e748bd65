/**
 * What an instance's identity token must be, to the letter: signed by Google (RS256), for this one enrolment, just now,
 * by an instance of this project. Says who the instance is; the pool is not this file's business. The order of the
 * checks matters for what a caller learns: the signature comes first, and nothing unsigned is repeated in a message.
 */
import { verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';

export interface InstanceIdentity {
  /** Service account, from which the pool follows. */
  readonly email: string;
  /** With the project number what a host is; a recreated instance has another one. */
  readonly instanceId: string;
  readonly projectNumber: string;
  readonly zone: string;
  readonly name: string;
  /** Wall clock, ms. */
  readonly issuedAt: number;
}

export interface ExpectedToken {
  /** Every one that this enrolment may be for. */
  readonly audiences: readonly string[];
  readonly projectNumber: string;
  /** Wall clock, ms. */
  readonly now: number;
}

const ISSUER = 'https://accounts.google.com';
const OLDEST_MS = 2 * 60_000;
/** The clock of whoever signed may be a little ahead. */
const AHEAD_MS = 30_000;

const headerSchema = z.object({ alg: z.string(), kid: z.string().min(1).max(200) });
const claimsSchema = z.object({
  iss: z.string(),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  email: z.string().min(3),
  email_verified: z.literal(true),
  google: z.object({
    compute_engine: z.object({
      instance_id: z.string().regex(/^\d{1,20}$/),
      instance_name: z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/),
      project_number: z.union([z.number().int(), z.string()]).transform(String),
      zone: z.string().regex(/^[a-z0-9-]{3,40}$/),
    }),
  }),
});

/** @param keyOf null where Google publishes no such key @throws IDENTITY_REFUSED, and what `keyOf` throws */
export async function verifyIdentityToken(
  token: string,
  keyOf: (id: string) => Promise<KeyObject | null>,
  expected: ExpectedToken,
): Promise<InstanceIdentity> {
  const [head = '', body = '', signature = '', ...more] = token.split('.');
  const header = headerSchema.safeParse(jsonOf(head));
  if (more.length > 0 || !header.success) throw refused('it is not a signed token');
  if (header.data.alg !== 'RS256') throw refused('it is not signed with RS256');
  const key = await keyOf(header.data.kid);
  if (key === null) throw refused('it is not signed with a key of Google');
  if (!verify('RSA-SHA256', Buffer.from(`${head}.${body}`, 'ascii'), key, Buffer.from(signature, 'base64url')))
    throw refused('its signature is not right');
  return identityOf(jsonOf(body), expected);
}

/** Pure: what a token with a good signature says, checked. @throws IDENTITY_REFUSED */
export function identityOf(body: unknown, { audiences, projectNumber, now }: ExpectedToken): InstanceIdentity {
  const claims = claimsSchema.safeParse(body);
  if (!claims.success) {
    const missing = claims.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw refused(`it is not an instance's (format=full): ${missing}`);
  }
  const { iss, aud, iat, exp, email, google } = claims.data;
  const instance = google.compute_engine;
  if (iss !== ISSUER) throw refused('its issuer is not Google');
  if (!audiences.includes(aud)) throw refused('it was made for something else than this enrolment');
  const ageMs = now - iat * 1000;
  if (ageMs >= OLDEST_MS) throw refused('it is older than two minutes');
  if (ageMs < -AHEAD_MS) throw refused('it is from the future: look at the clocks');
  if (exp * 1000 <= now) throw refused('it is past its end');
  if (instance.project_number !== projectNumber)
    throw refused(`its instance belongs to project ${instance.project_number}, not ${projectNumber}`);
  return {
    email,
    instanceId: instance.instance_id,
    projectNumber,
    zone: instance.zone,
    name: instance.instance_name,
    issuedAt: iat * 1000,
  };
}

function refused(reason: string): LongshoreError {
  return new LongshoreError('IDENTITY_REFUSED', `enrol by identity token: ${reason}`);
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
