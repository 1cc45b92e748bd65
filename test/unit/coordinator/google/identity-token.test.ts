import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import t from 'tap';
import { identityOf, verifyIdentityToken } from '../../../../coordinator/google/identity-token.ts';
import { refusal } from '../../../support/refusal.ts';

const NOW = 1_800_000_000_000;
const AUDIENCE = 'wss://ship.example.com/nonce/hash';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const expected = { audiences: ['wss://10.0.0.2/nonce/hash', AUDIENCE], projectNumber: '42', now: NOW };

const instance = { instance_id: '987', instance_name: 'edge-a1', project_number: 42, zone: 'europe-west1-b' };
const claims = (fields: Record<string, unknown> = {}, machine: Record<string, unknown> = {}) => ({
  iss: 'https://accounts.google.com',
  aud: AUDIENCE,
  iat: NOW / 1000 - 5,
  exp: NOW / 1000 + 3_595,
  email: 'edge@p.iam.gserviceaccount.com',
  email_verified: true,
  google: { compute_engine: { ...instance, ...machine } },
  ...fields,
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(body: unknown, header: unknown = { alg: 'RS256', kid: 'k1' }, key: KeyObject = privateKey): string {
  const text = `${part(header)}.${part(body)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}
const keyOf = (id: string) => Promise.resolve(id === 'k1' ? publicKey : null);

t.test('verifyIdentityToken: says who the instance is', async (t) => {
  t.same(await verifyIdentityToken(token(claims()), keyOf, expected), {
    email: 'edge@p.iam.gserviceaccount.com',
    instanceId: '987',
    projectNumber: '42',
    zone: 'europe-west1-b',
    name: 'edge-a1',
    issuedAt: NOW - 5_000,
  });
});

t.test('verifyIdentityToken: only RS256 by a key of Google counts', async (t) => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const [head = '', , signature = ''] = token(claims()).split('.');
  const unsigned = `${part({ alg: 'none', kid: 'k1' })}.${part(claims())}.`;

  await t.rejects(verifyIdentityToken(unsigned, keyOf, expected), refusal('IDENTITY_REFUSED', /RS256/));
  await t.rejects(
    verifyIdentityToken(token(claims(), { alg: 'HS256', kid: 'k1' }), keyOf, expected),
    refusal('IDENTITY_REFUSED', /RS256/),
  );
  await t.rejects(
    verifyIdentityToken(token(claims(), { alg: 'RS256', kid: 'k2' }), keyOf, expected),
    refusal('IDENTITY_REFUSED', /not signed with a key of Google/),
  );
  await t.rejects(
    verifyIdentityToken(token(claims(), undefined, other), keyOf, expected),
    refusal('IDENTITY_REFUSED', /signature/),
  );
  await t.rejects(
    verifyIdentityToken(`${head}.${part(claims({ email: 'x@y.z' }))}.${signature}`, keyOf, expected),
    refusal('IDENTITY_REFUSED', /signature/),
  );
  for (const junk of ['', 'a.b', 'a.b.c', `${token(claims())}.more`])
    await t.rejects(verifyIdentityToken(junk, keyOf, expected), refusal('IDENTITY_REFUSED', /not a signed token/));
});

t.test('identityOf: each claim is checked', (t) => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [claims({ iss: 'https://evil.example' }), /issuer/],
    [claims({ aud: 'wss://ship.example.com/other/hash' }), /something else/],
    [claims({ iat: NOW / 1000 - 120 }), /older than two minutes/],
    [claims({ iat: NOW / 1000 + 31 }), /future/],
    [claims({ exp: NOW / 1000 }), /past its end/],
    [claims({}, { project_number: 43 }), /belongs to project 43, not 42/],
    [claims({ email_verified: false }), /email_verified/],
    [claims({ email: undefined }), /email/],
    [claims({ google: undefined }), /format=full.*google/],
    [claims({}, { instance_id: 'x' }), /instance_id/],
    [claims({}, { instance_name: 'Not A Name' }), /instance_name/],
    [null, /format=full/],
  ];

  for (const [body, message] of cases) t.throws(() => identityOf(body, expected), refusal('IDENTITY_REFUSED', message));
  t.equal(identityOf(claims({ iat: NOW / 1000 - 119 }), expected).instanceId, '987', 'just in time');
  t.equal(identityOf(claims({}, { project_number: '42' }), expected).projectNumber, '42', 'a number as text');
  t.end();
});
