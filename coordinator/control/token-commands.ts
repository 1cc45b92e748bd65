/** API tokens and enrolment tokens. The text of one is answered once, when it is made, and is nowhere else. */
import { LongshoreError } from '../../fleet/errors.ts';
import { personCause } from '../commands.ts';
import type { Actor, Commands } from '../commands.ts';
import type { Authentication } from '../identity/authentication.ts';
import { makeApiToken, makeEnrollTokenText, tokenHash } from '../identity/token-text.ts';
import type { NewEvent } from '../store/records.ts';
import type { ControlOptions } from './control-options.ts';
import { pageOf, pagingOf } from './page-of.ts';
import { enrollTokenView, tokenView } from './views/record-views.ts';

type TokenCommands = Pick<
  Commands,
  | 'authenticate'
  | 'whoami'
  | 'listTokens'
  | 'makeToken'
  | 'revokeToken'
  | 'listEnrollTokens'
  | 'makeEnrollToken'
  | 'revokeEnrollToken'
  | 'install'
>;

export function tokenCommands(
  { store, now, randomBytes, installer }: ControlOptions,
  authentication: Authentication,
): TokenCommands {
  const event = (kind: string, text: string, actor: Actor): readonly NewEvent[] => [
    { at: now(), kind, app: null, host: null, deployment: null, cause: personCause(actor, null), text },
  ];
  const expiry = (ttlMs: number | null): number | null => (ttlMs === null ? null : now() + ttlMs);
  const until = (at: number | null): string => (at === null ? '' : `, until ${new Date(at).toISOString()}`);
  return {
    authenticate: (token) => authentication.actorOf(token),
    whoami: async (actor) => {
      const row = await store.token({ id: actor.tokenId });
      if (row === null) throw new LongshoreError('UNAUTHENTICATED', `read the token ${actor.name}: not found`);
      return tokenView(row);
    },
    listTokens: async (query) => pageOf(await store.listTokens(pagingOf(query)), tokenView),
    makeToken: async ({ name, role, ttlMs }, actor) => {
      const token = makeApiToken(randomBytes);
      const id = `t-${randomBytes(6).toString('hex')}`;
      const expiresAt = expiry(ttlMs);
      const row = await store.insertToken({
        token: { id, name, role, hash: tokenHash(token), createdAt: now(), expiresAt },
        events: event('token.made', `Token ${id} was made for ${name} with role ${role}${until(expiresAt)}`, actor),
      });
      return { view: tokenView(row), token };
    },
    revokeToken: (id, actor) =>
      store.revokeToken({ id, at: now(), events: event('token.revoked', `Token ${id} was revoked`, actor) }),
    listEnrollTokens: async (query) => pageOf(await store.listEnrollTokens(pagingOf(query)), enrollTokenView),
    install: (url) => installer.view(url),
    makeEnrollToken: async ({ kind, pool, labels, ttlMs }, actor) => {
      const token = makeEnrollTokenText(randomBytes);
      const id = `e-${randomBytes(6).toString('hex')}`;
      const expiresAt = expiry(ttlMs);
      const what = `${kind === 'once' ? 'One-time' : 'Pool'} enrolment token ${id}`;
      const row = await store.insertEnrollToken({
        token: { id, kind, pool, labels, hash: tokenHash(token), createdAt: now(), expiresAt },
        events: event(
          'enroll-token.made',
          `${what} was made${pool === null ? '' : ` for pool ${pool}`}${until(expiresAt)}`,
          actor,
        ),
      });
      return { view: enrollTokenView(row), token };
    },
    revokeEnrollToken: (id, actor) =>
      store.revokeEnrollToken({
        id,
        at: now(),
        events: event('enroll-token.revoked', `Enrolment token ${id} was revoked`, actor),
      }),
  };
}
