/** Ed25519 as our messages carry it: raw keys and signatures, in base64. */
import { createPublicKey, verify } from 'node:crypto';

/** DER head of an Ed25519 public key (RFC 8410); the 32 raw bytes follow it. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** False also where key or signature have another length than they must. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const raw = Buffer.from(publicKey, 'base64');
  const bytes = Buffer.from(signature, 'base64');
  if (raw.length !== 32 || bytes.length !== 64) return false;
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, raw]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text, 'utf8'), key, bytes);
}
