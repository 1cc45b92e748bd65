import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import t from 'tap';
import { LongshoreError, problem, type Problem } from '../../../../fleet/errors.ts';
import { enrollProof } from '../../../../protocol/enroll.ts';
import {
  enroll,
  enrollOnce,
  enrollRequest,
  toEnrollOutcome,
  type EnrollLoop,
  type Post,
} from '../../../../agent/identity/enroll.ts';
import type { FoundToken } from '../../../../agent/identity/enroll-token.ts';
import type { Identity } from '../../../../agent/identity/identity.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const identity: Identity = {
  signingKey: generateKeyPairSync('ed25519').privateKey,
  sealingKey: generateKeyPairSync('x25519').privateKey,
  enrolled: null,
  former: null,
};
const facts = {
  coordinator: 'wss://ship.example.com',
  name: 'web-1',
  labels: {},
  platform: 'linux/amd64',
  former: null,
};
const good = { status: 200, body: { host: `h-${'a'.repeat(16)}`, name: 'web-1', pool: 'edge' }, retryAfterMs: null };
const never = new AbortController().signal;

t.test('enrollRequest: proves that the host holds its key', (t) => {
  const request = enrollRequest(identity, facts, 'token');

  const { publicKey, sealingKey, signature } = request;
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'base64').toString('base64url') },
    format: 'jwk',
  });
  const proof = enrollProof({ audience: facts.coordinator, publicKey, sealingKey });
  t.ok(verify(null, Buffer.from(proof), key, Buffer.from(signature, 'base64')));
  t.equal(Buffer.from(sealingKey, 'base64').length, 32);
  t.end();
});

t.test('enrollOnce: goes to the HTTP side of the coordinator', async (t) => {
  const urls: string[] = [];

  const outcome = await enrollOnce(identity, facts, 'token', async (url) => (urls.push(url), good), never);

  t.same(urls, ['https://ship.example.com/v1/enroll']);
  t.match(outcome, {
    kind: 'enrolled',
    enrolled: { host: good.body.host, pool: 'edge', coordinator: facts.coordinator },
  });
});

t.test('toEnrollOutcome: what can pass is tried again, what a person must fix is refused', (t) => {
  const reply = (status: number, body: unknown = null, retryAfterMs: number | null = null) =>
    toEnrollOutcome({ status, body, retryAfterMs }, 'https://a/v1/enroll', 'wss://a');

  t.match(reply(503), { kind: 'unreachable', problem: { code: 'UNREACHABLE' } });
  t.match(reply(429, { code: 'RATE_LIMITED', message: 'slow down' }, 7_000), {
    kind: 'unreachable',
    retryAfterMs: 7_000,
  });
  t.match(reply(403, { code: 'TOKEN_EXPIRED', message: 'expired', hint: 'make a new one' }), {
    kind: 'refused',
    problem: { code: 'TOKEN_EXPIRED', message: 'enrol at https://a/v1/enroll: expired', hint: 'make a new one' },
  });
  t.match(reply(401, 'go away'), { kind: 'refused', problem: { code: 'TOKEN_INVALID', message: /HTTP status 401/ } });
  t.match(reply(200, { hello: 'world' }), { kind: 'refused', problem: { hint: /address/ } });
  t.end();
});

function loop(
  script: { readonly tokens: () => FoundToken; readonly post: Post },
  fields: Partial<EnrollLoop> = {},
): EnrollLoop & { clock: ManualClock; said: Problem[] } {
  const said: Problem[] = [];
  return {
    identity,
    coordinators: ['wss://ship.example.com'],
    facts,
    findFormer: async () => ({ kind: 'host', claim: null }),
    readToken: async () => script.tokens(),
    post: script.post,
    random: () => 1,
    onRefusal: 'throw',
    onStatus: (found) => void said.push(found),
    said,
    clock: new ManualClock(),
    ...fields,
  } as EnrollLoop & { clock: ManualClock; said: Problem[] };
}

const token = (text: string): FoundToken => ({ kind: 'token', token: text });

t.test('enroll: goes on while the coordinator is away, and waits as long as it is asked', async (t) => {
  const replies = [
    () => Promise.reject(new Error('ECONNREFUSED')),
    () => Promise.resolve({ status: 503, body: null, retryAfterMs: 60_000 }),
    () => Promise.resolve(good),
  ];
  let calls = 0;
  const given = loop({ tokens: () => token('a'), post: async () => await (replies[calls++]?.() ?? good) });
  const done = enroll(given, never);

  await given.clock.advance(250);
  t.equal(calls, 2);
  await given.clock.advance(59_999);
  t.equal(calls, 2);
  await given.clock.advance(1);
  t.match(await done, { host: good.body.host });
  t.match(given.said, [{ message: /ECONNREFUSED/ }, { message: /503/ }]);
});

t.test('enroll: an address that does not answer is followed by the next one at once', async (t) => {
  const urls: string[] = [];
  const post: Post = async (url) => {
    urls.push(url);
    return urls.length < 4 ? { status: 503, body: null, retryAfterMs: null } : good;
  };
  const given = loop({ tokens: () => token('a'), post }, { coordinators: ['wss://a', 'wss://b'] });
  const done = enroll(given, never);

  await given.clock.advance(0);
  t.same(urls, ['https://a/v1/enroll', 'https://b/v1/enroll'], 'and then it waits');
  await given.clock.advance(250);
  t.match(await done, { coordinator: 'wss://b' });
  t.equal(urls.length, 4);
});

t.test('enroll: a refused token ends it with the reason', async (t) => {
  const refusal = { status: 403, body: { code: 'TOKEN_USED', message: 'used' }, retryAfterMs: null };

  const given = loop({ tokens: () => token('a'), post: async () => refusal });
  await t.rejects(enroll(given, never), { code: 'TOKEN_USED' });
  t.same(given.said, [], 'who gets the error shows it');
  await t.rejects(
    enroll(
      loop({ tokens: () => ({ kind: 'none', problem: problem('TOKEN_INVALID', 'none') }), post: async () => good }),
      never,
    ),
    LongshoreError,
  );
});

t.test('enroll: under systemd a refusal waits for another token and does not spin', async (t) => {
  const tried: string[] = [];
  let current = token('bad');
  const post: Post = async (_url, body) => {
    const { token: shown } = body as { token: string };
    tried.push(shown);
    return shown === 'good'
      ? good
      : { status: 403, body: { code: 'TOKEN_EXPIRED', message: 'expired' }, retryAfterMs: null };
  };
  const given = loop({ tokens: () => current, post }, { onRefusal: 'wait' });
  const done = enroll(given, never);

  await given.clock.advance(50 * 60_000);
  t.same(tried, ['bad']);
  await given.clock.advance(11 * 60_000);
  t.same(tried, ['bad', 'bad'], 'once an hour, in case the coordinator was fixed');
  current = token('good');
  await given.clock.advance(10_000);
  t.match(await done, { host: good.body.host });
});

t.test('enroll: ends with its signal', async (t) => {
  const ending = new AbortController();
  const given = loop({ tokens: () => token('a'), post: async () => Promise.reject(new Error('down')) });
  const done = enroll(given, ending.signal);

  await given.clock.advance(100);
  ending.abort();

  t.equal(await done, null);
  t.equal(given.clock.sleepers, 0);
});
