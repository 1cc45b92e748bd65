/** Whether who enrols holds the key that he shows: the signature covers one audience and both of its keys. Pure. */
import { LongshoreError } from '../../fleet/errors.ts';
import { enrollProof } from '../../protocol/enroll.ts';
import type { EnrollRequest } from '../../protocol/enroll.ts';
import { isSignedBy } from './ed25519.ts';

/** @param audiences the coordinator's own addresses, as `audienceOf` spells them @throws SIGNATURE_INVALID */
export function verifyEnrollment(request: EnrollRequest, audiences: readonly string[]): void {
  const { publicKey, sealingKey, signature } = request;
  const proven = audiences.some((audience) =>
    isSignedBy(publicKey, enrollProof({ audience, publicKey, sealingKey }), signature),
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
