import t from 'tap';
import { tokenRequest } from '../../../../agent/engine/registry-token.ts';

const anna = { username: 'anna', password: 'a', identityToken: null };
const basic = `Basic ${Buffer.from('anna:a').toString('base64')}`;

t.test('tokenRequest: a token is asked for where the registry says, as whoever we are', (t) => {
  const challenge = 'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:web:pull"';
  const url = 'https://auth.test/token?service=registry.test&scope=repository%3Aweb%3Apull';

  t.same(tokenRequest(challenge, anna, false), { kind: 'ask', url, authorization: basic });
  t.same(tokenRequest(challenge, null, false), { kind: 'ask', url, authorization: null });
  t.end();
});

t.test('tokenRequest: basic is answered at once', (t) => {
  t.same(tokenRequest('Basic realm="x"', anna, false), { kind: 'ready', authorization: basic });
  t.equal(tokenRequest('Basic realm="x"', null, false), null);
  t.equal(tokenRequest('Basic realm="x"', { ...anna, identityToken: 'tok' }, false), null);
  t.end();
});

t.test('tokenRequest: a credential is not shown in the clear, nor to what is not an address', (t) => {
  t.equal(tokenRequest('Bearer realm="http://auth.test/token"', anna, false), null);
  t.match(tokenRequest('Bearer realm="http://auth.test/token"', anna, true), { kind: 'ask' });
  t.equal(tokenRequest('Bearer realm="nonsense"', anna, true), null);
  t.equal(tokenRequest('Negotiate', anna, true), null);
  t.end();
});
