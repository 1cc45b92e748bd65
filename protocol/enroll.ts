/** Enrolment: a token buys a host identity, once. The host keeps its private keys; only public ones travel. */
import { z } from 'zod';
import { hostIdSchema, stringRecord } from './scalars.ts';

/** Raw 32-byte public key, base64. */
const publicKeySchema = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'is not a 32-byte key in base64');

export const enrollRequestSchema = z.strictObject({
  token: z.string().min(1).max(256),
  /** Ed25519; signs the nonce of every later connection. */
  publicKey: publicKeySchema,
  /** X25519; secrets are sealed to it. */
  sealingKey: publicKeySchema,
  /** Ed25519 signature over `enrollProof`, base64: the key is really held. */
  signature: z.string().max(256),
  name: z.string().min(1).max(63),
  labels: stringRecord,
  /** For example `linux/amd64`. */
  platform: z.string().max(64),
});

export const enrollReplySchema = z.object({ host: hostIdSchema, name: z.string(), pool: z.string().nullable() });

export type EnrollRequest = z.infer<typeof enrollRequestSchema>;
export type EnrollReply = z.infer<typeof enrollReplySchema>;

/** What the signature of an enrolment covers, as UTF-8. */
export function enrollProof(parts: {
  readonly audience: string;
  readonly publicKey: string;
  readonly sealingKey: string;
}): string {
  return ['longshore-enroll-v1', parts.audience, parts.publicKey, parts.sealingKey].join('\n');
}
