import { randomBytes } from 'node:crypto';
import t from 'tap';
import { CHALLENGE_MS, EnrollChallenges } from '../../../../coordinator/identity/enroll-challenges.ts';
import { refusal } from '../../../support/refusal.ts';

const KEY = `${'A'.repeat(43)}=`;
const OTHER = `${'B'.repeat(43)}=`;

t.test('EnrollChallenges: a nonce serves one key, once', (t) => {
  const challenges = new EnrollChallenges({ now: () => 1_000, randomBytes });
  const { nonce, expiresInMs } = challenges.make(KEY);

  t.equal(expiresInMs, CHALLENGE_MS);
  t.not(challenges.make(KEY).nonce, nonce);
  t.throws(() => challenges.check(nonce, OTHER), refusal('CHALLENGE_EXPIRED', /not for this key/));
  challenges.check(nonce, KEY);
  challenges.take(nonce, KEY);
  t.throws(() => challenges.take(nonce, KEY), refusal('CHALLENGE_EXPIRED', /was used/));
  t.throws(() => challenges.check(nonce, KEY), refusal('CHALLENGE_EXPIRED', /was used/));
  t.end();
});

t.test('EnrollChallenges: a nonce ends after two minutes, also one that was taken', (t) => {
  let now = 5_000;
  const challenges = new EnrollChallenges({ now: () => now, randomBytes });
  const [early, late] = [challenges.make(KEY).nonce, challenges.make(KEY).nonce];
  challenges.take(early, KEY);

  now += CHALLENGE_MS - 1;
  challenges.check(late, KEY);
  t.throws(() => challenges.check(early, KEY), refusal('CHALLENGE_EXPIRED', /was used/));
  now += 1;
  t.throws(() => challenges.check(late, KEY), refusal('CHALLENGE_EXPIRED', /too old/));
  // What is forgotten after its end is too old, not new again.
  challenges.take(challenges.make(KEY).nonce, KEY);
  t.throws(() => challenges.check(early, KEY), refusal('CHALLENGE_EXPIRED', /too old/));
  t.end();
});

t.test('EnrollChallenges: what is not ours does not count, however it is spelled', (t) => {
  const challenges = new EnrollChallenges({ now: () => 0, randomBytes });
  const { nonce } = challenges.make(KEY);
  const [content = '', proof = ''] = nonce.split('.');
  const elsewhere = new EnrollChallenges({ now: () => 0, randomBytes }).make(KEY).nonce;

  for (const forged of [
    '',
    '.',
    'x.y',
    content,
    `${content}.`,
    `${content}.${proof}.`,
    `${content}=.${proof}`,
    elsewhere,
  ])
    t.throws(() => challenges.check(forged, KEY), refusal('CHALLENGE_EXPIRED'), forged);
  challenges.check(nonce, KEY);
  t.end();
});
