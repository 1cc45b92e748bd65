/**
 * Values at rest: AES-256-GCM under the key file, bound to their purpose, so that a ciphertext opens only as what it
 * was written for. Layout: version byte 1 | nonce (12) | ciphertext | tag (16).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Vault {
  encrypt(purpose: string, value: Uint8Array): Uint8Array;
  /** Null where another key wrote it, or the bytes were changed: the value must be set again. */
  decrypt(purpose: string, ciphertext: Uint8Array): Buffer | null;
}

export const secretPurpose = (app: string, name: string, version: number): string =>
  `secret\n${app}\n${name}\n${version}`;
export const registryPurpose = (registry: string): string => `registry\n${registry}`;

export function makeVault(key: Buffer, randomBytes: (size: number) => Buffer): Vault {
  return {
    encrypt: (purpose, value) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose, 'utf8'));
      const body = Buffer.concat([cipher.update(value), cipher.final()]);
      return new Uint8Array(Buffer.concat([Buffer.of(VERSION), nonce, body, cipher.getAuthTag()]));
    },
    decrypt: (purpose, ciphertext) => {
      const bytes = Buffer.from(ciphertext);
      if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) return null;
      const tag = bytes.subarray(bytes.length - TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(purpose, 'utf8')).setAuthTag(tag);
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(1 + NONCE_BYTES, bytes.length - TAG_BYTES)),
          decipher.final(),
        ]);
      } catch {
        return null;
      }
    },
  };
}
