/** How a registry wants to be logged in to: its challenge and our credential, as the next thing to send. Pure. */
import type { RegistryCredential } from './registry-auth.ts';

export type TokenRequest =
  /** The credential itself is what the registry wants. */
  | { readonly kind: 'ready'; readonly authorization: string }
  /** A token has to be asked for there; without a credential, as anybody. */
  | { readonly kind: 'ask'; readonly url: string; readonly authorization: string | null };

/**
 * @param challenge `WWW-Authenticate`: `Bearer realm="https://auth...",service="...",scope="..."`
 * @param allowPlain the registry itself speaks plain HTTP
 * @returns null where there is no way, or only one that would show a credential in the clear
 */
export function tokenRequest(
  challenge: string,
  credential: RegistryCredential | null,
  allowPlain: boolean,
): TokenRequest | null {
  const basic = credential?.identityToken === null ? basicAuthorization(credential) : null;
  if (/^basic\b/i.test(challenge)) return basic === null ? null : { kind: 'ready', authorization: basic };
  if (!/^bearer\b/i.test(challenge)) return null;
  const fields = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const realm = fields.get('realm') ?? '';
  if (!URL.canParse(realm)) return null;
  const url = new URL(realm);
  if (url.protocol !== 'https:' && !(allowPlain && url.protocol === 'http:')) return null;
  for (const name of ['service', 'scope']) {
    const value = fields.get(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return { kind: 'ask', url: url.href, authorization: basic };
}

function basicAuthorization({ username, password }: RegistryCredential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
