/**
 * Access tokens: given out by the token endpoint to who holds the credentials file's key, and by the metadata server to
 * machines. Only these open anything. Kept over restarts; they end after an hour, as Google's.
 */
import { createVerify, randomBytes } from 'node:crypto';
import type { Caller } from './exchange.ts';
import { GoogleError } from './google-error.ts';
import { type Json, type JsonObject, isObject, textAt } from './json.ts';
import type { Site } from './site.ts';

const lifeSeconds = 3600;

export class Tokens {
  readonly #site: Site;
  readonly #owner: { readonly email: string; readonly publicKey: string };

  constructor(site: Site, owner: { readonly email: string; readonly publicKey: string }) {
    this.#site = site;
    this.#owner = owner;
  }

  issue(caller: Caller): JsonObject {
    const now = this.#site.now().getTime();
    for (const { path, body } of this.#site.store.all('tokens/'))
      if (Number(body['until']) < now) this.#site.store.delete(path);
    const token = `rehearsal.${randomBytes(24).toString('base64url')}`;
    this.#site.store.put(`tokens/${token}`, { ...caller, until: now + lifeSeconds * 1000 });
    return { access_token: token, expires_in: lifeSeconds - 1, token_type: 'Bearer' };
  }

  /** Of a `Bearer` token; undefined when it was not given out here or has ended. */
  caller(token: string): Caller | undefined {
    const stored = this.#site.store.get(`tokens/${token}`);
    if (stored === undefined || Number(stored['until']) < this.#site.now().getTime()) return undefined;
    const email = textAt(stored, 'email') ?? '';
    return stored['kind'] === 'owner'
      ? { kind: 'owner', email }
      : { kind: 'machine', email, instance: textAt(stored, 'instance') ?? '' };
  }

  authenticate(authorization: string | undefined): Caller {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    const caller = token === undefined ? undefined : this.caller(token);
    if (caller !== undefined) return caller;
    throw new GoogleError(401, 'authError', 'Request had invalid authentication credentials.');
  }

  /** The JWT of a credentials file, signed by its key, for a token (RFC 7523). */
  exchange(form: URLSearchParams): JsonObject {
    const refuse = (why: string): GoogleError => new GoogleError(400, 'invalid_grant', `Invalid JWT: ${why}`);
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') throw refuse('another grant type');
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const isRight = createVerify('sha256')
      .update(`${head}.${claims}`)
      .verify(this.#owner.publicKey, Buffer.from(signature, 'base64url'));
    if (!isRight) throw refuse('the signature is not of this key');
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Json;
    if (!isObject(said) || said['iss'] !== this.#owner.email) throw refuse('another account');
    if (Number(said['exp']) * 1000 < this.#site.now().getTime()) throw refuse('it has ended');
    return this.issue({ kind: 'owner', email: this.#owner.email });
  }
}
