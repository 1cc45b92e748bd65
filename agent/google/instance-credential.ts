/**
 * What an instance enrols with: the coordinator's nonce for this host's key, and the machine's identity token made for
 * just that. Both are made anew for each try.
 */
import { createHash } from 'node:crypto';
import { problem } from '../../fleet/errors.ts';
import { enrollChallengeReplySchema, identityAudience } from '../../protocol/enroll.ts';
import type { FoundCredential } from '../identity/enroll-token.ts';
import { toFailure, type Post } from '../identity/enroll.ts';
import { rawPublicKey, type Identity } from '../identity/identity.ts';
import { problemOf, type MetadataServer } from './metadata-server.ts';

export interface InstanceCredentialOptions {
  readonly identity: Identity;
  /** `wss://host[:port]` */
  readonly coordinator: string;
  readonly post: Post;
  readonly metadata: Pick<MetadataServer, 'identityToken'>;
}

export async function readInstanceCredential(
  { identity, coordinator, post, metadata }: InstanceCredentialOptions,
  signal: AbortSignal,
): Promise<FoundCredential> {
  const publicKey = rawPublicKey(identity.signingKey);
  const url = `${coordinator.replace(/^ws/, 'http')}/v1/enroll/challenge`;
  const reply = await post(url, { publicKey }, signal).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    return problem('UNREACHABLE', `enrol at ${url}: ${reason}`);
  });
  if ('code' in reply) return { kind: 'unreachable', problem: reply, retryAfterMs: null };
  if (reply.status !== 200) return toFailure(reply, url);
  const challenge = enrollChallengeReplySchema.safeParse(reply.body);
  if (!challenge.success)
    return {
      kind: 'refused',
      problem: problem('UNREACHABLE', `enrol at ${url}: the answer is not a coordinator's`, {
        hint: 'Check the address of the coordinator.',
      }),
    };
  const publicKeyHash = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
  const { nonce } = challenge.data;
  try {
    const audience = identityAudience({ audience: coordinator, nonce, publicKeyHash });
    return { kind: 'identity', identityToken: await metadata.identityToken(audience, signal), nonce };
  } catch (error) {
    return { kind: 'unreachable', problem: problemOf(error), retryAfterMs: null };
  }
}
