import { createPrivateKey } from 'node:crypto';
import t from 'tap';
import { SEALING_VECTOR } from '../../../support/sealing-vector.ts';
import { x25519PrivateKey } from '../../../support/x25519-key.ts';
import { openSealed } from '../../../../agent/secrets/open.ts';
import { rawPublicKey } from '../../../../agent/identity/identity.ts';

const { context, sealed, value } = SEALING_VECTOR;
const key = x25519PrivateKey(SEALING_VECTOR.hostPrivateKey);

t.test('openSealed: opens the agreed vector', (t) => {
  t.equal(rawPublicKey(key), SEALING_VECTOR.hostPublicKey);
  t.equal(openSealed(key, context, sealed).toString('utf8'), value);
  t.end();
});

t.test('openSealed: opens nothing under another context', (t) => {
  t.throws(() => openSealed(key, context.replace('\n3', '\n4'), sealed), { code: 'SEAL_INVALID' });
  t.end();
});

t.test('openSealed: opens nothing for another host', (t) => {
  const other = x25519PrivateKey(SEALING_VECTOR.ephemeralPrivateKey);

  t.throws(() => openSealed(other, context, sealed), { code: 'SEAL_INVALID' });
  t.end();
});

t.test('openSealed: refuses a change of any byte, and what is too short', (t) => {
  const bytes = Buffer.from(sealed, 'base64');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 0x04;
    t.throws(() => openSealed(key, context, changed.toString('base64')), { code: 'SEAL_INVALID' }, `byte ${index}`);
  }
  for (const length of [0, 31, 59]) {
    t.throws(() => openSealed(key, context, bytes.subarray(0, length).toString('base64')), { code: 'SEAL_INVALID' });
  }
  t.end();
});

t.test('openSealed: an all-zero key, which would make the shared secret known, is refused', (t) => {
  const bytes = Buffer.from(sealed, 'base64');
  bytes.fill(0, 0, 32);

  t.throws(() => openSealed(key, context, bytes.toString('base64')), { code: 'SEAL_INVALID' });
  t.end();
});

t.test('openSealed: its message does not hold the value or the sealed bytes', (t) => {
  try {
    openSealed(key, 'other', sealed);
    t.fail('it opened');
  } catch (error) {
    t.notMatch(String(error), value);
    t.notMatch(String(error), sealed);
  }
  t.end();
});

t.test('x25519PrivateKey: makes a key that node takes', (t) => {
  t.equal(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })).asymmetricKeyType, 'x25519');
  t.end();
});
