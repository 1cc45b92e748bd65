import t from 'tap';
import { credentialInFile, helperFor, keyOf } from '../../../../agent/engine/docker-config-file.ts';
import { authConfig, firstCredential } from '../../../../agent/engine/registry-auth.ts';

const login = (user: string, word: string): string => Buffer.from(`${user}:${word}`).toString('base64');

t.test('credentialInFile: by registry, also by the address that Docker writes for the hub', (t) => {
  const config = {
    auths: {
      'index.docker.io/v1/': { auth: login('anna', 'a:b') },
      'registry.test:5000': { auth: login('bert', 'b') },
      'https://old.test': { username: 'cleo', password: 'c' },
    },
  };

  t.same(credentialInFile(config, 'docker.io'), { username: 'anna', password: 'a:b', identityToken: null });
  t.same(credentialInFile(config, 'registry.test:5000'), { username: 'bert', password: 'b', identityToken: null });
  t.same(credentialInFile(config, 'old.test'), { username: 'cleo', password: 'c', identityToken: null });
  t.equal(credentialInFile(config, 'registry.test'), null, 'another port is another registry');
  t.equal(credentialInFile({}, 'docker.io'), null);
  t.end();
});

t.test('credentialInFile: an empty entry, as helpers leave it, is none; a token is one', (t) => {
  t.equal(credentialInFile({ auths: { 'a.test': {} } }, 'a.test'), null);
  t.same(credentialInFile({ auths: { 'a.test': { auth: login('00', ''), identitytoken: 'tok' } } }, 'a.test'), {
    username: '00',
    password: '',
    identityToken: 'tok',
  });
  t.end();
});

t.test("helperFor: a registry's own comes before the general one", (t) => {
  const config = { credsStore: 'desktop', credHelpers: { 'eu.test': 'gcr' } };

  t.equal(helperFor(config, 'eu.test'), 'gcr');
  t.equal(helperFor(config, 'other.test'), 'desktop');
  t.equal(helperFor({}, 'other.test'), null);
  t.end();
});

t.test('keyOf: the hub by the key that its login left, every other registry by its name', (t) => {
  t.equal(keyOf({ auths: { 'index.docker.io/v1/': {}, 'https://a.test/': {} } }, 'docker.io'), 'index.docker.io/v1/');
  t.equal(keyOf({ credHelpers: { 'index.docker.io': 'x' } }, 'docker.io'), 'index.docker.io');
  t.equal(keyOf({}, 'docker.io'), 'docker.io');
  t.equal(keyOf({ auths: { 'https://a.test/': {} } }, 'a.test'), 'a.test');
  t.end();
});

t.test('firstCredential: the first source that has one wins', async (t) => {
  const asked: string[] = [];
  const source = (name: string, has: boolean) => async (registry: string) => {
    asked.push(`${name} ${registry}`);
    return has ? { username: name, password: 'x', identityToken: null } : null;
  };
  const find = firstCredential([source('stored', false), source('file', true), source('never', true)]);

  t.match(await find('a.test', new AbortController().signal), { username: 'file' });
  t.same(asked, ['stored a.test', 'file a.test']);
});

t.test('authConfig: as the engine takes it', (t) => {
  const credential = { username: 'anna', password: 'a', identityToken: null };

  t.same(authConfig('docker.io', credential), {
    username: 'anna',
    password: 'a',
    serveraddress: 'index.docker.io',
  });
  t.same(authConfig('a.test', { ...credential, identityToken: 'tok' }), {
    username: 'anna',
    identitytoken: 'tok',
    serveraddress: 'a.test',
  });
  t.end();
});
