/** The RSA key that signs identity tokens, kept over restarts; published where Google publishes its own. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { JsonObject } from './json.ts';

export class SigningKey {
  readonly #key: KeyObject;
  readonly #id = 'rehearsal-1';

  constructor(file: string) {
    if (!existsSync(file)) {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    }
    this.#key = createPrivateKey(readFileSync(file));
  }

  token(claims: JsonObject): string {
    const part = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'RS256', kid: this.#id, typ: 'JWT' })}.${part(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), this.#key).toString('base64url')}`;
  }

  /** As https://www.googleapis.com/oauth2/v3/certs answers. */
  certificates(): JsonObject {
    const { n = '', e = '' } = createPublicKey(this.#key).export({ format: 'jwk' });
    return { keys: [{ kty: 'RSA', alg: 'RS256', use: 'sig', kid: this.#id, n, e }] };
  }
}
