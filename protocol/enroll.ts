/**
 * Enrolment: something buys a host identity, once: a token, or (on Google Cloud) the machine's own identity token.
 * The host keeps its private keys; only public ones travel.
 *
 *   agent                                   coordinator
 *     | -- POST /v1/enroll/challenge -------> |   only for an identity token
 *     | <------- nonce ---------------------- |
 *     | -- identity token for identityAudience() from the metadata server
 *     | -- POST /v1/enroll -----------------> |   `token`, or `identityToken` with `nonce`
 */
import { z } from 'zod';
import { countSchema, hostIdSchema, hostNameSchema, labelsSchema } from './scalars.ts';

/** These texts stand in lists, events and a terminal: one line each. */
const line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^\P{Cc}*$/u, 'holds control characters');

/** What the machine holds of a host that it was, or seems to have been. */
export const formerHostSchema = z
  .strictObject({
    host: hostIdSchema,
    /** The machine's own operator permits taking it over; of a host that the coordinator knows that is not enough. */
    adopt: z.boolean(),
    apps: z.array(line(64)).max(100),
    containers: countSchema,
    volumes: countSchema,
    ingress: z.boolean(),
  })
  .meta({ id: 'FormerHost' });

/** Raw 32-byte public key, base64. */
const publicKeySchema = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'is not a 32-byte key in base64');

export const enrollChallengeRequestSchema = z
  .strictObject({
    /** The key that will enrol: the nonce serves no other. */
    publicKey: publicKeySchema,
  })
  .meta({ id: 'EnrollChallengeRequest' });

export const enrollChallengeReplySchema = z
  .object({
    nonce: z.string().min(16).max(256),
    expiresInMs: z.number().int().positive(),
  })
  .meta({ id: 'EnrollChallengeReply' });

export const enrollRequestSchema = z
  .strictObject({
    token: z.string().min(1).max(256).optional(),
    /** The signed token of the instance's metadata server, for `identityAudience`. */
    identityToken: z.string().min(1).max(8_192).optional(),
    /** Of the challenge; taken once. */
    nonce: z.string().min(16).max(256).optional(),
    /** Ed25519; signs the nonce of every later connection. */
    publicKey: publicKeySchema,
    /** X25519; secrets are sealed to it. */
    sealingKey: publicKeySchema,
    /** Ed25519 signature over `enrollProof`, base64: the key is really held. */
    signature: z.string().max(256),
    /** With an identity token the instance's own name counts, and this one does not. */
    name: hostNameSchema,
    /** Not with an identity token: there the labels are those of the pool. */
    labels: labelsSchema,
    /** For example `linux/amd64`. */
    platform: line(64),
    /** Missing: the machine holds nothing of another host, or its operator wants a new one. */
    former: formerHostSchema.optional(),
  })
  .superRefine((request, context) => {
    const problem = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (request.token === undefined && request.identityToken === undefined)
      problem('token', 'is missing: a token, or identityToken with nonce');
    if (request.token !== undefined && request.identityToken !== undefined)
      problem('identityToken', 'stands beside a token: one of the two');
    if (request.identityToken !== undefined && request.nonce === undefined) problem('nonce', 'is missing');
    if (request.identityToken === undefined && request.nonce !== undefined)
      problem('nonce', 'has no meaning without an identityToken');
  })
  .meta({ id: 'EnrollRequest' });

export const enrollReplySchema = z
  .object({ host: hostIdSchema, name: z.string(), pool: z.string().nullable() })
  .meta({ id: 'EnrollReply' });

export type EnrollChallengeRequest = z.infer<typeof enrollChallengeRequestSchema>;
export type EnrollChallengeReply = z.infer<typeof enrollChallengeReplySchema>;
export type EnrollRequest = z.infer<typeof enrollRequestSchema>;
export type FormerHostClaim = z.infer<typeof formerHostSchema>;
export type EnrollReply = z.infer<typeof enrollReplySchema>;

/** What buys the identity. */
export type EnrollCredential =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'identity'; readonly identityToken: string; readonly nonce: string };

/** @returns what a request that the schema took brings */
export function credentialOf(request: Pick<EnrollRequest, 'token' | 'identityToken' | 'nonce'>): EnrollCredential {
  const { token, identityToken, nonce } = request;
  if (identityToken !== undefined && nonce !== undefined) return { kind: 'identity', identityToken, nonce };
  return { kind: 'token', token: token ?? '' };
}

/** What the signature of an enrolment covers, as UTF-8. */
export function enrollProof(parts: {
  readonly audience: string;
  readonly publicKey: string;
  readonly sealingKey: string;
}): string {
  return ['longshore-enroll-v1', parts.audience, parts.publicKey, parts.sealingKey].join('\n');
}

/**
 * For whom the machine's identity token is made: this coordinator, this one enrolment, this one key. A token that was
 * made for anything else enrols nobody.
 * @param parts.publicKeyHash sha256 of the 32 raw bytes of the Ed25519 key, hex
 */
export function identityAudience(parts: {
  /** As `audienceOf` spells it. */
  readonly audience: string;
  readonly nonce: string;
  readonly publicKeyHash: string;
}): string {
  return `${parts.audience}/${parts.nonce}/${parts.publicKeyHash}`;
}
