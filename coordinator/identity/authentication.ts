/**
 * Whose token this is. Looked up by its hash and compared in constant time; when it was used is written rarely, by the
 * minute, so that reading costs no write, and beside the answer: on a full disk people must still get in to look.
 */
import type { Actor } from '../commands.ts';
import type { ApiTokenRow } from '../store/records.ts';
import type { TokenStore } from '../store/store.ts';
import { isSameHash, tokenHash } from './token-text.ts';

const TOUCH_EVERY_MS = 60_000;

export class Authentication {
  readonly #store: Pick<TokenStore, 'tokenByHash' | 'touchTokens'>;
  readonly #now: () => number;
  readonly #touchedAt = new Map<string, number>();

  constructor(store: Pick<TokenStore, 'tokenByHash' | 'touchTokens'>, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Null where the token is unknown, expired or revoked. */
  async actorOf(token: string): Promise<Actor | null> {
    const hash = tokenHash(token);
    const row = await this.#store.tokenByHash({ hash });
    const now = this.#now();
    if (row === null || !isSameHash(row.hash, hash) || !works(row, now)) return null;
    if (now - (this.#touchedAt.get(row.id) ?? Number.NEGATIVE_INFINITY) >= TOUCH_EVERY_MS) {
      this.#touchedAt.set(row.id, now);
      // Whoever writes something that matters learns of a store that cannot; here the next use tries again.
      this.#store.touchTokens({ used: [{ id: row.id, at: now }] }).catch(() => this.#touchedAt.delete(row.id));
    }
    return { tokenId: row.id, name: row.name, role: row.role };
  }
}

export function works(row: ApiTokenRow, now: number): boolean {
  return row.revokedAt === null && (row.expiresAt === null || row.expiresAt > now);
}
