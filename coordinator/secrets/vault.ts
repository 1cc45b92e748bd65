/**
 * Values at rest: AES-256-GCM under the key file, bound to their purpose, so that a ciphertext opens only as what it
 * was written for. Layout: version byte 1 | nonce (12) | ciphertext | tag (16).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';
import type { SecretStore } from '../store/store.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CHECK = 'longshore-key-check';

export interface Vault {
  encrypt(purpose: string, value: Uint8Array): Uint8Array;
  /** @throws STATE_FILE_INVALID where the key is another one or the bytes were changed */
  decrypt(purpose: string, ciphertext: Uint8Array): Buffer;
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
      const failed = (cause?: unknown): LongshoreError =>
        new LongshoreError(
          'STATE_FILE_INVALID',
          `decrypt ${purpose.replaceAll('\n', ' ')}: the key of the secrets does not open it`,
          {
            hint: 'Start the coordinator with the key file that wrote it, or set the secret anew.',
            cause,
          },
        );
      if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw failed();
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
      } catch (error) {
        throw failed(error);
      }
    },
  };
}

/** The same of a database that another coordinator has. @throws STATE_FILE_INVALID */
export function checkStoredKey(vault: Vault, stored: Uint8Array): void {
  vault.decrypt(CHECK, stored);
}

/** At start: the key is the one that wrote this store. @throws STATE_FILE_INVALID */
export async function checkKey(vault: Vault, store: Pick<SecretStore, 'keyCheck'>): Promise<void> {
  const stored = await store.keyCheck({ ciphertext: vault.encrypt(CHECK, Buffer.from(CHECK, 'utf8')) });
  vault.decrypt(CHECK, stored);
}
