// What the agent asks of a machine of Google Cloud, over real HTTP: an identity for its enrolment, a login of registries.
import { createHash, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { readInstanceCredential } from '../../agent/google/instance-credential.ts';
import { metadataServer } from '../../agent/google/metadata-server.ts';
import { googleRegistryCredentials } from '../../agent/google/registry-credentials.ts';
import { enroll, type Post } from '../../agent/identity/enroll.ts';
import { rawPublicKey, type Identity } from '../../agent/identity/identity.ts';
import type { Problem } from '../../fleet/errors.ts';
import { FakeGoogle, POOL_ACCOUNT } from '../support/fake-google.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { refusal } from '../support/refusal.ts';

const COORDINATOR = 'wss://10.0.0.2';
const never = new AbortController().signal;
const identity: Identity = {
  signingKey: generateKeyPairSync('ed25519').privateKey,
  sealingKey: generateKeyPairSync('x25519').privateKey,
  enrolled: null,
  former: null,
};
const NONCE = 'nonce-of-the-coordinator';
const challenge = { status: 200, body: { nonce: NONCE, expiresInMs: 120_000 }, retryAfterMs: null };
const refused = (status: number, code: string) => ({
  status,
  body: { code, message: `${code} it is` },
  retryAfterMs: null,
});

async function scene(t: Test) {
  const google = await FakeGoogle.start();
  t.teardown(() => google.stop());
  google.addInstance({ id: '1', name: 'edge-1', zone: 'europe-west1-b', email: POOL_ACCOUNT });
  return { google, metadata: metadataServer({ host: '127.0.0.1', port: google.metadataPort }) };
}

const claimsOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

t.test('instance credential: the token is made for this coordinator, nonce and key', async (t) => {
  const { metadata } = await scene(t);
  const posted: unknown[] = [];
  const post: Post = (url, body) => {
    posted.push([url, body]);
    return Promise.resolve(challenge);
  };

  const found = await readInstanceCredential({ identity, coordinator: COORDINATOR, post, metadata }, never);

  const publicKey = rawPublicKey(identity.signingKey);
  t.same(posted, [['https://10.0.0.2/v1/enroll/challenge', { publicKey }]]);
  const hash = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
  t.match(found, { kind: 'identity', nonce: NONCE });
  t.match(claimsOf(found.kind === 'identity' ? found.identityToken : ''), {
    aud: `${COORDINATOR}/${NONCE}/${hash}`,
    google: { compute_engine: { instance_id: '1' } },
  });
});

t.test('instance credential: what is away is tried again, what refuses is said', async (t) => {
  const { google, metadata } = await scene(t);
  const read = (post: Post) => readInstanceCredential({ identity, coordinator: COORDINATOR, post, metadata }, never);

  t.match(await read(() => Promise.reject(new Error('ECONNREFUSED'))), {
    kind: 'unreachable',
    problem: { code: 'UNREACHABLE' },
  });
  t.match(await read(() => Promise.resolve(refused(503, 'SHUTTING_DOWN'))), { kind: 'unreachable' });
  t.match(await read(() => Promise.resolve(refused(403, 'IDENTITY_REFUSED'))), {
    kind: 'refused',
    problem: { code: 'IDENTITY_REFUSED' },
  });
  t.match(await read(() => Promise.resolve({ ...challenge, body: {} })), { kind: 'refused' });
  await google.stop();
  t.match(await read(() => Promise.resolve(challenge)), {
    kind: 'unreachable',
    problem: { code: 'GOOGLE_UNAVAILABLE' },
  });
});

t.test('enroll: a machine that is refused asks again within minutes, each time with a new nonce', async (t) => {
  const { metadata } = await scene(t);
  const clock = new ManualClock();
  const answers = [refused(409, 'CHALLENGE_EXPIRED'), refused(409, 'INSTANCE_KNOWN'), refused(403, 'IDENTITY_REFUSED')];
  const requests: unknown[] = [];
  const said: Problem[] = [];
  let wake: () => void = () => undefined;
  const post: Post = (url, body) => {
    if (url.endsWith('/challenge')) return Promise.resolve(challenge);
    requests.push(body);
    wake();
    const good = {
      status: 200,
      body: { host: `h-${'a'.repeat(16)}`, name: 'edge-1', pool: 'edge' },
      retryAfterMs: null,
    };
    return Promise.resolve(answers.shift() ?? good);
  };
  const requested = async (count: number): Promise<void> => {
    while (requests.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const slept = async (): Promise<void> => {
    while (clock.sleepers === 0) await new Promise((resolve) => setImmediate(resolve));
  };

  const done = enroll(
    {
      identity,
      coordinators: [COORDINATOR],
      facts: { name: 'x', labels: {}, platform: 'linux/amd64' },
      findFormer: async () => ({ kind: 'host', claim: null }),
      readToken: (coordinator, signal) => readInstanceCredential({ identity, coordinator, post, metadata }, signal),
      refusedAgainMs: 60_000,
      post,
      clock,
      random: () => 0,
      onRefusal: 'wait',
      onStatus: (found) => void said.push(found),
    },
    never,
  );
  await requested(1);
  await slept();
  await clock.advance(1_000);
  await requested(2);
  for (const count of [3, 4]) {
    await slept();
    await clock.advance(30_000);
    t.equal(requests.length, count - 1);
    await clock.advance(30_000);
    await requested(count);
  }

  t.match(await done, { name: 'edge-1', pool: 'edge' });
  t.same(
    said.map(({ code }) => code),
    ['CHALLENGE_EXPIRED', 'INSTANCE_KNOWN', 'IDENTITY_REFUSED'],
  );
  t.match(requests[0], { nonce: NONCE, identityToken: /^ey/ });
  t.notMatch(requests[0], { token: String });
});

t.test("metadata server: an answer without Google's header is somebody else's", async (t) => {
  const server = http.createServer((_request, reply) => reply.end('{"access_token":"x","expires_in":3600}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const metadata = metadataServer({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });

  await t.rejects(
    metadata.accessToken(never),
    refusal('GOOGLE_UNAVAILABLE', /an access token: this is not a VM of Google Cloud/),
  );
  await t.rejects(metadata.identityToken('a', AbortSignal.abort()), refusal('GOOGLE_UNAVAILABLE'));
});

t.test(
  "registry credentials: the machine's token, for Google's registries alone, renewed before its end",
  async (t) => {
    const { google, metadata } = await scene(t);
    const clock = new ManualClock();
    google.tokenSeconds = 3_600;
    const credentials = googleRegistryCredentials(metadata, clock);
    const first = await credentials('europe-west1-docker.pkg.dev', never);

    t.match(first, { username: 'oauth2accesstoken', password: /^[0-9a-f]+$/, identityToken: null });
    t.same(await credentials('gcr.io', never), first);
    for (const other of ['docker.io', 'x-docker.pkg.dev.evil.example', 'evil-gcr.io', '127.0.0.1:5000'])
      t.equal(await credentials(other, never), null, other);
    await clock.advance(3_359_999);
    t.same(await credentials('gcr.io', never), first);
    await clock.advance(1);
    t.not((await credentials('gcr.io', never))?.password, first?.password);
  },
);
