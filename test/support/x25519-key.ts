/** Keys of a vector: raw 32 bytes as node's key objects. */
import { createPrivateKey, type KeyObject } from 'node:crypto';

/** DER head of an X25519 private key (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** @param raw base64 */
export function x25519PrivateKey(raw: string): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, Buffer.from(raw, 'base64')]),
    format: 'der',
    type: 'pkcs8',
  });
}
