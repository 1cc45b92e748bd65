/**
 * Sealing a value to one host and one purpose (`protocol/sealing.ts` has the layout). The ephemeral key and the nonce
 * are arguments: they must be new for every sealing, and a test gives those of the agreed vector.
 */
import { createCipheriv, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SEALING } from '../../protocol/sealing.ts';

/** DER head of an X25519 public key (RFC 8410); the 32 raw bytes follow it. */
const SPKI_HEAD = Buffer.from('302a300506032b656e032100', 'hex');

export interface SealingInput {
  /** The host's raw X25519 key, base64. */
  readonly recipient: string;
  readonly context: string;
  readonly value: Uint8Array;
  readonly ephemeral: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly nonce: Buffer;
}

/** @returns ephemeral key | nonce | ciphertext | tag, base64 */
export function seal({ recipient, context, value, ephemeral, nonce }: SealingInput): string {
  const theirs = Buffer.from(recipient, 'base64');
  const ours = ephemeral.publicKey.export({ type: 'spki', format: 'der' }).subarray(SPKI_HEAD.length);
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_HEAD, theirs]), format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey });
  const key = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ours, theirs]), SEALING.info, SEALING.keyBytes));
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'));
  const body = Buffer.concat([cipher.update(value), cipher.final()]);
  return Buffer.concat([ours, nonce, body, cipher.getAuthTag()]).toString('base64');
}
