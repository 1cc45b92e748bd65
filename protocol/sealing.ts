/**
 * How a value is sealed so that one host alone can open it, and for one purpose alone. The coordinator seals
 * (`coordinator/`), the agent opens (`agent/secrets/open.ts`); both are held to the same vector,
 * `test/support/sealing-vector.ts`. This file has no cryptography, only the agreement:
 *
 *   sealed     = ephemeral public key (32) | nonce (12) | ciphertext (as long as the value) | tag (16)
 *   shared     = X25519(ephemeral private key, the host's sealing key)
 *   key (32)   = HKDF-SHA256(input: shared, salt: ephemeral public key | the host's sealing key, info: SEALING.info)
 *   ciphertext = AES-256-GCM(key, nonce, value, additional data: UTF-8 of the context)
 *
 * The ephemeral key and the nonce are new for every sealing. The context is not sent: both sides build it from what
 * the message says, so that a sealed value does not open under another name, version or host.
 */
import { z } from 'zod';

export const SEALING = { info: 'longshore-seal-v1', keyBytes: 32, nonceBytes: 12, tagBytes: 16 } as const;

/** Context of an item of a `secrets` message. The value is the secret's bytes. */
export function secretContext(of: {
  readonly host: string;
  readonly app: string;
  readonly secret: string;
  readonly version: number;
}): string {
  return ['longshore-secret-v1', of.host, of.app, of.secret, String(of.version)].join('\n');
}

/** Context of a `registry-credential` message. The value is the JSON of `registryCredentialSchema`. */
export function registryContext(of: { readonly host: string; readonly registry: string }): string {
  return ['longshore-registry-v1', of.host, of.registry].join('\n');
}

export const registryCredentialSchema = z.object({ username: z.string(), password: z.string() });
export type RegistryCredential = z.infer<typeof registryCredentialSchema>;
