import t from 'tap';
import { randomBytes } from 'node:crypto';
import { idempotencyKey, idOfRequest, RememberedRequests } from '../../../../coordinator/http/remembered-requests.ts';
import { makeVault } from '../../../../coordinator/secrets/vault.ts';
import { inMemoryRequests } from '../../../support/in-memory-requests.ts';
import { refusal } from '../../../support/refusal.ts';

const store = () => inMemoryRequests();
const over = (requests = store(), key = randomBytes(32)): RememberedRequests =>
  new RememberedRequests({ store: requests, vault: makeVault(key, randomBytes), now: () => 0 });
const request = { actor: 't-1', key: 'k', content: { name: 'deploy' } };

t.test('requests: three at the same moment are one, and all get its answer', async (t) => {
  const requests = over();
  let made = 0;
  const work = async (): Promise<unknown> => ({ release: (made += 1) });

  const answers = await Promise.all([1, 2, 3].map(() => requests.once(request, work)));

  t.equal(made, 1);
  t.same(
    answers.map(({ answer }) => answer),
    [{ release: 1 }, { release: 1 }, { release: 1 }],
  );
  t.same(answers.map(({ isRepeated }) => isRepeated).sort(), [false, true, true]);
});

t.test(
  'requests: another one under the same key is refused, and the same key of another token is another',
  async (t) => {
    const requests = over();
    await requests.once(request, async () => 1);

    const other = requests.once({ ...request, content: { name: 'rollback' } }, async () => 2);

    await t.rejects(other, refusal('REQUEST_DIFFERS'));
    t.match(await requests.once({ ...request, actor: 't-2' }, async () => 3), { answer: 3 });
  },
);

t.test('requests: what was refused can be sent again', async (t) => {
  const requests = over();
  await t.rejects(
    requests.once(request, () => Promise.reject(new Error('the registry is away'))),
    /registry/,
  );
  t.match(await requests.once(request, async () => 1), { answer: 1, isRepeated: false });
});

t.test('requests: an answer is kept encrypted, and done again where it cannot be read or was too long', async (t) => {
  const kept = store();
  const written: Uint8Array[] = [];
  const watched = {
    ...kept,
    answerRequest: (args: Parameters<typeof kept.answerRequest>[0]) => {
      written.push(args.ciphertext);
      return kept.answerRequest(args);
    },
  };
  await over(watched).once(request, async () => ({ token: 'longshore_secret' }));
  t.notMatch(Buffer.from(written[0] ?? []).toString('latin1'), /longshore_secret/);
  t.match(await over(kept).once(request, async () => 2), { answer: 2, isRepeated: false }, 'another key');

  const long = { ...request, key: 'long' };
  const requests = over();
  await requests.once(long, async () => 'x'.repeat(300_000));
  t.match(await requests.once(long, async () => 'again'), { answer: 'again', isRepeated: false });
});

t.test('idempotencyKey: visible characters, not too many; the id that follows from it is of its token', (t) => {
  t.equal(idempotencyKey(undefined), null);
  t.equal(idempotencyKey('b1946ac9'), 'b1946ac9');
  for (const bad of ['', 'a b', 'ä', 'x'.repeat(256), ['a', 'b']])
    t.throws(() => idempotencyKey(bad), refusal('INPUT_INVALID'));
  t.match(idOfRequest(request), /^[0-9a-f]{16}$/);
  t.not(idOfRequest(request), idOfRequest({ ...request, actor: 't-2' }));
  t.end();
});
