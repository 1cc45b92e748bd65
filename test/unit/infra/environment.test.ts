import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { readEnvironment } from '../../../infra/environment.ts';

const PUBLIC = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me@here';
const SECRET = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ';
const PRIVATE = ['-----BEGIN OPENSSH', 'PRIVATE KEY-----\n' + SECRET + '\n-----END OPENSSH', 'PRIVATE KEY-----\n'].join(
  ' ',
);

/** A home without any login of Google's, with these files in it. */
function home(t: Test, files: Readonly<Record<string, string>> = {}): string {
  const folder = t.testdir();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

const account = JSON.stringify({
  type: 'service_account',
  client_email: 'a@b.iam.gserviceaccount.com',
  private_key: 'x',
});

t.test('environment: credentials are an absolute path and nothing of their content', (t) => {
  const folder = home(t, { 'sa.json': account, 'key.pub': PUBLIC, key: PRIVATE });

  const { environment, problems } = readEnvironment(
    { HOME: folder, CREDENTIALS_PATH: 'sa.json', PUBLIC_KEY_PATH: '~/key.pub', PRIVATE_KEY_PATH: 'key' },
    folder,
  );

  t.same(problems, []);
  t.same(environment, {
    credentials: { kind: 'file', path: path.join(folder, 'sa.json') },
    impersonate: null,
    publicKey: PUBLIC,
    privateKeyPath: path.join(folder, 'key'),
  });
  t.end();
});

t.test('environment: without a file there must be a login, a token, or a variable of Google', (t) => {
  const folder = home(t);
  const paths = (variables: Readonly<Record<string, string>>): readonly string[] =>
    readEnvironment({ HOME: folder, ...variables }, folder).problems.map((problem) => problem.path);

  t.same(paths({}), ['CREDENTIALS_PATH']);
  t.same(paths({ GOOGLE_OAUTH_ACCESS_TOKEN: 'x' }), []);
  t.same(paths({ CREDENTIALS_PATH: ' ' }), ['CREDENTIALS_PATH'], 'an empty variable is none');
  const login = home(t, { '.config/gcloud/application_default_credentials.json': '{}' });
  t.same(readEnvironment({ HOME: login }, login).problems, []);
  t.end();
});

t.test('environment: everything that is wrong with the files is said at once', (t) => {
  const folder = home(t, { 'a.json': 'not json ' + SECRET, 'b.pub': 'ssh-ed25519 ' + SECRET, 'c.pub': PUBLIC });

  const { problems } = readEnvironment(
    {
      HOME: folder,
      CREDENTIALS_PATH: 'a.json',
      PUBLIC_KEY_PATH: 'b.pub',
      PRIVATE_KEY_PATH: 'c.pub',
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: 'nobody',
    },
    folder,
  );

  t.match(
    problems,
    [
      { path: 'CREDENTIALS_PATH', message: /a\.json is not JSON/ },
      { path: 'GOOGLE_IMPERSONATE_SERVICE_ACCOUNT', message: /not the address/ },
      { path: 'PUBLIC_KEY_PATH', message: /b\.pub is damaged/ },
      { path: 'PRIVATE_KEY_PATH', message: /c\.pub is a public key by its name/ },
    ].sort((a, b) => problems.findIndex((p) => p.path === a.path) - problems.findIndex((p) => p.path === b.path)),
  );
  t.equal(problems.length, 4);
  t.notOk(JSON.stringify(problems).includes(SECRET), 'nothing of the files is shown');
  t.end();
});

t.test('environment: a private key where the public one belongs is refused and not shown', (t) => {
  const folder = home(t, { key: PRIVATE });

  const { environment, problems } = readEnvironment(
    { HOME: folder, GOOGLE_OAUTH_ACCESS_TOKEN: 'x', PUBLIC_KEY_PATH: 'key' },
    folder,
  );

  t.match(problems, [{ path: 'PUBLIC_KEY_PATH', message: /is a private key; name the public one/ }]);
  t.equal(environment.publicKey, null);
  t.notOk(JSON.stringify([environment, problems]).includes(SECRET.slice(0, 12)));
  t.end();
});

t.test('environment: the private key is never opened', (t) => {
  const folder = home(t, { 'sa.json': account, 'key.pub': PUBLIC, key: PRIVATE });
  const opened: string[] = [];

  readEnvironment(
    { HOME: folder, CREDENTIALS_PATH: 'sa.json', PUBLIC_KEY_PATH: 'key.pub', PRIVATE_KEY_PATH: 'key' },
    folder,
    (file) => {
      opened.push(path.basename(file));
      return readFileSync(file, 'utf8');
    },
  );

  t.same(opened, ['sa.json', 'key.pub']);
  t.end();
});

t.test('environment: credentials of the wrong kind', (t) => {
  const folder = home(t, {
    'list.json': '[]',
    'other.json': '{"type":"oauth_client"}',
    'half.json': '{"type":"service_account","client_email":"a@b"}',
    'user.json': '{"type":"authorized_user"}',
  });
  const said = (file: string): string | undefined =>
    readEnvironment({ HOME: folder, CREDENTIALS_PATH: file }, folder).problems[0]?.message;

  t.match(said('missing.json'), /missing\.json does not exist/);
  t.match(said('.'), /is not a file/);
  t.match(said('list.json'), /its "type" is not one of/);
  t.match(said('other.json'), /its "type" is not one of/);
  t.match(said('half.json'), /lacks private_key: download the key again/);
  t.equal(said('user.json'), undefined, 'a login of a person is one, too');
  t.end();
});
