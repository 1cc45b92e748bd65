// Coordinator and agent hold to one form of sealed values: what one seals, the other opens, byte by byte as agreed.
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import t from 'tap';
import { rawPublicKey } from '../../agent/identity/identity.ts';
import { openSealed } from '../../agent/secrets/open.ts';
import { seal } from '../../coordinator/secrets/seal.ts';
import { registryContext, secretContext } from '../../protocol/sealing.ts';
import { SEALING_VECTOR } from '../support/sealing-vector.ts';
import { x25519PrivateKey } from '../support/x25519-key.ts';

t.test('sealing: the coordinator makes exactly the agreed bytes', (t) => {
  const privateKey = x25519PrivateKey(SEALING_VECTOR.ephemeralPrivateKey);

  const sealed = seal({
    recipient: SEALING_VECTOR.hostPublicKey,
    context: SEALING_VECTOR.context,
    value: Buffer.from(SEALING_VECTOR.value, 'utf8'),
    ephemeral: { privateKey, publicKey: createPublicKey(privateKey) },
    nonce: Buffer.from(SEALING_VECTOR.nonce, 'base64'),
  });

  t.equal(sealed, SEALING_VECTOR.sealed);
  t.end();
});

t.test('sealing: what the coordinator seals to a new host, that host opens', (t) => {
  const host = generateKeyPairSync('x25519');
  const contexts = [
    secretContext({ host: 'h-1', app: 'shop', secret: 'db', version: 7 }),
    registryContext({ host: 'h-1', registry: '127.0.0.1:5000' }),
  ];
  for (const context of contexts) {
    for (const size of [0, 1, 4_096]) {
      const value = randomBytes(size);
      const recipient = rawPublicKey(host.privateKey);
      const sealed = seal({
        recipient,
        context,
        value,
        ephemeral: generateKeyPairSync('x25519'),
        nonce: randomBytes(12),
      });

      t.ok(openSealed(host.privateKey, context, sealed).equals(value), `${size} bytes`);
    }
  }
  t.end();
});
