/** Keys of a host for tests: what an agent makes at its first start, and what it signs with them. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { enrollProof } from '../../protocol/enroll.ts';
import type { EnrollRequest } from '../../protocol/enroll.ts';

export interface FakeIdentity {
  /** Raw Ed25519 key, base64. */
  readonly publicKey: string;
  /** Raw X25519 key, base64. */
  readonly sealingKey: string;
  readonly sealingPrivate: KeyObject;
  /** Ed25519 over the text, base64. */
  sign(text: string): string;
}

export function fakeIdentity(): FakeIdentity {
  const signing = generateKeyPairSync('ed25519');
  const sealing = generateKeyPairSync('x25519');
  return {
    publicKey: rawKey(signing.publicKey),
    sealingKey: rawKey(sealing.publicKey),
    sealingPrivate: sealing.privateKey,
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), signing.privateKey).toString('base64'),
  };
}

/** @param audience as `audienceOf(url)` spells it */
export function enrollRequestOf(
  identity: FakeIdentity,
  parts: {
    readonly token: string;
    readonly audience: string;
    readonly name: string;
    readonly labels?: Record<string, string>;
  },
): EnrollRequest {
  const { publicKey, sealingKey } = identity;
  return {
    token: parts.token,
    publicKey,
    sealingKey,
    signature: identity.sign(enrollProof({ audience: parts.audience, publicKey, sealingKey })),
    name: parts.name,
    labels: parts.labels ?? {},
    platform: 'linux/amd64',
  };
}

/** The last 32 bytes of a public key's SPKI form are the key itself. */
function rawKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
}
