/** What a registry asks for when it answers 401. Pure. */

export type Challenge =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: string; readonly service: string | null; readonly scope: string | null };

/** @returns null where the header is missing or asks for something else */
export function parseChallenge(header: string | null): Challenge | null {
  if (header === null) return null;
  if (/^basic\b/i.test(header)) return { kind: 'basic' };
  if (!/^bearer\s/i.test(header)) return null;
  const fields = new Map<string, string>();
  for (const [, key = '', value = ''] of header.matchAll(/([a-z_]+)="([^"]*)"/gi)) fields.set(key.toLowerCase(), value);
  const realm = fields.get('realm');
  if (realm === undefined || !URL.canParse(realm)) return null;
  return { kind: 'bearer', realm, service: fields.get('service') ?? null, scope: fields.get('scope') ?? null };
}

/** Where the token is asked for. @param scope ours, where the challenge names none */
export function tokenUrl(challenge: Extract<Challenge, { kind: 'bearer' }>, scope: string): URL {
  const url = new URL(challenge.realm);
  if (challenge.service !== null) url.searchParams.set('service', challenge.service);
  url.searchParams.set('scope', challenge.scope ?? scope);
  return url;
}

/** Seconds or a date. @returns ms from now, null where the header says nothing that can be used */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
