import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import path from 'node:path';
import t from 'tap';
import { accessToken } from '../../../../infra/google/access-token.ts';
import type { GoogleAnswer, GoogleCall } from '../../../../infra/google/google-request.ts';
import type { InfraEnvironment } from '../../../../infra/environment.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const nowMs = Date.UTC(2026, 8, 1);

/** Answers in turn, and remembers what it was asked. */
function google(...answers: readonly GoogleAnswer[]) {
  const calls: GoogleCall[] = [];
  return {
    calls,
    request: async (call: GoogleCall): Promise<GoogleAnswer> => {
      calls.push(call);
      return answers[calls.length - 1] ?? { status: 500, body: null };
    },
  };
}

const given = (file: string | null, impersonate: string | null = null): InfraEnvironment => ({
  credentials: file === null ? { kind: 'application-default' } : { kind: 'file', path: file },
  impersonate,
  publicKey: null,
  privateKeyPath: null,
});
const ok = { status: 200, body: { access_token: 'token-1' } };

t.test('accessToken: a service account signs who it is', async (t) => {
  const account = {
    type: 'service_account',
    client_email: 'a@b',
    private_key: pem,
    private_key_id: 'k1',
    token_uri: 'https://t.example/token',
  };
  const file = path.join(t.testdir({ 'sa.json': JSON.stringify(account) }), 'sa.json');
  const { request, calls } = google(ok);

  t.equal(await accessToken({ environment: given(file), variables: {}, request, nowMs }), 'token-1');

  const [call] = calls;
  t.equal(call?.url, 'https://t.example/token');
  const assertion = new URLSearchParams(call?.body).get('assertion') ?? '';
  const [header = '', claims = '', signature = ''] = assertion.split('.');
  const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
  t.ok(verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')));
  t.same(decoded(header), { alg: 'RS256', typ: 'JWT', kid: 'k1' });
  t.match(decoded(claims), { iss: 'a@b', aud: 'https://t.example/token', iat: nowMs / 1000, exp: nowMs / 1000 + 300 });
});

t.test('accessToken: a person, a variable, the machine itself', async (t) => {
  const home = t.testdir({
    '.config': {
      gcloud: {
        'application_default_credentials.json': JSON.stringify({
          type: 'authorized_user',
          client_id: 'i',
          client_secret: 's',
          refresh_token: 'r',
        }),
      },
    },
  });
  const person = google(ok);
  t.equal(
    await accessToken({ environment: given(null), variables: { HOME: home }, request: person.request, nowMs }),
    'token-1',
  );
  t.equal(new URLSearchParams(person.calls[0]?.body).get('refresh_token'), 'r');

  const none = google();
  t.equal(
    await accessToken({
      environment: given(null),
      variables: { GOOGLE_OAUTH_ACCESS_TOKEN: 'own' },
      request: none.request,
      nowMs,
    }),
    'own',
  );
  t.same(none.calls, []);

  const machine = google(ok);
  await accessToken({ environment: given(null), variables: { HOME: '/nowhere' }, request: machine.request, nowMs });
  t.match(machine.calls, [{ url: /metadata\.google\.internal/, headers: { 'metadata-flavor': 'Google' } }]);
});

t.test('accessToken: acting as another account', async (t) => {
  const { request, calls } = google({ status: 200, body: { accessToken: 'theirs' } });

  t.equal(
    await accessToken({
      environment: given(null, 'sa@p.iam.gserviceaccount.com'),
      variables: { GOOGLE_OAUTH_ACCESS_TOKEN: 'own' },
      request,
      nowMs,
    }),
    'theirs',
  );
  t.match(calls, [
    {
      url: /serviceAccounts\/sa@p\.iam\.gserviceaccount\.com:generateAccessToken$/,
      headers: { authorization: 'Bearer own' },
    },
  ]);
});

t.test(
  'accessToken: what only a library can use is null; what is refused says whose it was, and no secret',
  async (t) => {
    const folder = t.testdir({
      'external.json': JSON.stringify({ type: 'external_account' }),
      'broken.json': JSON.stringify({ type: 'service_account', client_email: 'a@b', private_key: 'secret-text' }),
      'sa.json': JSON.stringify({ type: 'service_account', client_email: 'a@b', private_key: pem }),
    });
    const ask = async (file: string, ...answers: readonly GoogleAnswer[]): Promise<string | null> =>
      await accessToken({
        environment: given(path.join(folder, file)),
        variables: {},
        request: google(...answers).request,
        nowMs,
      });

    t.equal(await ask('external.json'), null);
    await t.rejects(ask('broken.json'), /private key in the credentials of a@b cannot be read/);
    await t.rejects(
      ask('sa.json', { status: 400, body: { error: 'invalid_grant' } }),
      /credentials of a@b got no token from Google \(status 400\)/,
    );
  },
);

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
