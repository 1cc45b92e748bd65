/** Texts of tokens: `ls_` for people and programs, `lse_` for enrolment. Only their hashes are ever stored. */
import { createHash, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

export const makeApiToken = (randomBytes: (size: number) => Buffer): string =>
  `ls_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
export const makeEnrollTokenText = (randomBytes: (size: number) => Buffer): string =>
  `lse_${randomBytes(TOKEN_BYTES).toString('base64url')}`;

/** A token has 256 random bits, so one round of sha256 is enough: there is nothing to guess. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')];
  return left.length === right.length && timingSafeEqual(left, right);
}
