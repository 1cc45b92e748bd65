import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { Authentication } from '../../../../coordinator/identity/authentication.ts';
import { ensureFirstAdmin } from '../../../../coordinator/identity/first-admin.ts';
import {
  isSameHash,
  makeApiToken,
  makeEnrollTokenText,
  tokenHash,
} from '../../../../coordinator/identity/token-text.ts';
import { verifyEnrollment } from '../../../../coordinator/identity/verify-enrollment.ts';
import type { ApiTokenRow, NewApiToken } from '../../../../coordinator/store/records.ts';
import { enrollRequestOf, fakeIdentity } from '../../../support/fake-identity.ts';

t.test('token text: random, recognisable, kept only as its hash', (t) => {
  const token = makeApiToken(randomBytes);
  t.match(token, /^ls_[\w-]{43}$/);
  t.match(makeEnrollTokenText(randomBytes), /^lse_[\w-]{43}$/);
  t.not(makeApiToken(randomBytes), token);
  t.match(tokenHash(token), /^[0-9a-f]{64}$/);
  t.ok(isSameHash(tokenHash(token), tokenHash(token)));
  t.notOk(isSameHash(tokenHash(token), tokenHash(`${token}x`)));
  t.notOk(isSameHash('short', tokenHash(token)));
  t.end();
});

t.test('enrolment: the signature covers both keys and one of our addresses', (t) => {
  const request = enrollRequestOf(fakeIdentity(), { token: 'x', audience: 'wss://b', name: 'host' });
  t.doesNotThrow(() => verifyEnrollment(request, ['wss://a', 'wss://b']));
  const refused = { code: 'SIGNATURE_INVALID' };
  t.throws(() => verifyEnrollment(request, ['wss://a']), refused);
  t.throws(() => verifyEnrollment(request, []), refused);
  t.throws(() => verifyEnrollment({ ...request, sealingKey: fakeIdentity().sealingKey }, ['wss://b']), refused);
  t.throws(() => verifyEnrollment({ ...request, signature: 'AAAA' }, ['wss://b']), refused);
  t.end();
});

const row: ApiTokenRow = {
  id: 't',
  name: 'n',
  role: 'viewer',
  hash: tokenHash('ls_x'),
  createdAt: 0,
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
};

t.test('authentication: when a token was used is written once a minute', async (t) => {
  const touched: number[] = [];
  let now = 5;
  const store = {
    tokenByHash: ({ hash }: { hash: string }) => Promise.resolve(hash === row.hash ? row : null),
    touchTokens: ({ used }: { used: readonly { at: number }[] }) =>
      Promise.resolve(void touched.push(...used.map((one) => one.at))),
  };
  const authentication = new Authentication(store, () => now);
  for (now of [5, 6, 60_004, 60_005, 60_006]) await authentication.actorOf('ls_x');
  t.same(touched, [5, 60_005]);
  t.equal(await authentication.actorOf('ls_y'), null);
});

t.test('authentication: a store that cannot write keeps nobody out', async (t) => {
  let tries = 0;
  const store = {
    tokenByHash: () => Promise.resolve(row),
    touchTokens: () => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error('database or disk is full')) : new Promise<never>(() => undefined);
    },
  };
  const authentication = new Authentication(store, () => 5);

  t.match(await authentication.actorOf('ls_x'), { name: 'n' });
  t.match(await authentication.actorOf('ls_x'), { name: 'n' });
  t.equal(tries, 2, 'the next use tries to note it again, and nobody waits for it');
});

t.test('first admin: a token in a private file, only where no admin token works', async (t) => {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'longshore-admin-'));
  t.teardown(() => rmSync(dataDirectory, { recursive: true, force: true }));
  const made: NewApiToken[] = [];
  const texts: string[] = [];
  const store = {
    hasToken: () => Promise.resolve(made.length > 0),
    insertToken: ({ token, events }: { token: NewApiToken; events: readonly { text: string }[] }) => {
      made.push(token);
      texts.push(...events.map((event) => event.text));
      return Promise.resolve({ ...token, lastUsedAt: null, revokedAt: null });
    },
  };
  const file = await ensureFirstAdmin({ store, dataDirectory, now: 9, randomBytes });

  if (file === null) throw new Error('no file');
  const token = readFileSync(file, 'utf8').trim();
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(made, [{ role: 'admin', hash: tokenHash(token), expiresAt: null }]);
  t.notOk(texts.join().includes(token), 'the event does not hold it');
  t.notOk(existsSync(`${file}.new`));
  t.equal(await ensureFirstAdmin({ store, dataDirectory, now: 9, randomBytes }), null);
});
