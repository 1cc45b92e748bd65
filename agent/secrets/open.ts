/**
 * Opens what the coordinator sealed to this host (`protocol/sealing.ts` has the layout and the reasons). A value opens
 * only under the context that it was sealed for.
 */
import { createDecipheriv, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';
import { SEALING } from '../../protocol/sealing.ts';
import { rawPublicKey } from '../identity/identity.ts';

/** @param sealed base64 @throws SEAL_INVALID, without a word about the content */
export function openSealed(sealingKey: KeyObject, context: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  const { info, keyBytes, nonceBytes, tagBytes } = SEALING;
  if (bytes.length < keyBytes + nonceBytes + tagBytes) throw invalid(context, 'it is too short');
  const ephemeral = bytes.subarray(0, keyBytes);
  const nonce = bytes.subarray(keyBytes, keyBytes + nonceBytes);
  const ciphertext = bytes.subarray(keyBytes + nonceBytes, -tagBytes);
  try {
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: ephemeral.toString('base64url') },
      format: 'jwk',
    });
    const shared = diffieHellman({ privateKey: sealingKey, publicKey });
    const salt = Buffer.concat([ephemeral, Buffer.from(rawPublicKey(sealingKey), 'base64')]);
    const key = Buffer.from(hkdfSync('sha256', shared, salt, info, 32));
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(context, 'utf8'));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (error) {
    throw invalid(context, 'it was not sealed for this', error);
  }
}

function invalid(context: string, reason: string, cause?: unknown): LongshoreError {
  return new LongshoreError('SEAL_INVALID', `open ${context.replaceAll('\n', ' ')}: ${reason}`, { cause });
}
