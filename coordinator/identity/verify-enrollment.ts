/** Whether who enrols holds the key that he shows: the signature covers one audience and both of its keys. Pure. */
import { createPublicKey, verify } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';
import { enrollProof } from '../../protocol/enroll.ts';
import type { EnrollRequest } from '../../protocol/enroll.ts';

/** DER head of an Ed25519 public key (RFC 8410); the 32 raw bytes follow it. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** @param audiences the coordinator's own addresses, as `audienceOf` spells them @throws SIGNATURE_INVALID */
export function verifyEnrollment(request: EnrollRequest, audiences: readonly string[]): void {
  const { publicKey, sealingKey } = request;
  const signature = Buffer.from(request.signature, 'base64');
  const key = createPublicKey({
    key: Buffer.concat([SPKI_HEAD, Buffer.from(publicKey, 'base64')]),
    format: 'der',
    type: 'spki',
  });
  const proven = audiences.some((audience) =>
    verify(null, Buffer.from(enrollProof({ audience, publicKey, sealingKey }), 'utf8'), key, signature),
  );
  if (proven) return;
  throw new LongshoreError(
    'SIGNATURE_INVALID',
    `enrol host ${request.name}: the signature does not prove its key for ${audiences.join(' or ')}`,
    {
      hint: 'The agent must dial an address that the coordinator knows as its own; see `url` in its configuration.',
    },
  );
}
