import t from 'tap';
import { ReaderLimits } from '../../../../coordinator/console/reader-limits.ts';

const MIB = 1024 * 1024;

t.test('ReaderLimits: a socket holds so much, and a token over all of its sockets', (t) => {
  const limits = new ReaderLimits();
  const sockets = [1, 2, 3].map(() => limits.open('t-1', 'ci'));
  const [first, second, third] = sockets;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three');

  t.equal(first.add(32 * MIB), true);
  t.equal(first.add(1), false);
  first.add(-1);
  t.equal(second.add(32 * MIB), true);
  t.equal(third.add(1), false, 'the token has all that it may');
  t.equal(limits.open('t-2', 'ada').add(32 * MIB), true);
  first.close();
  first.close();
  t.equal(third.add(1), true, 'what a socket held goes with it');
  t.equal(first.add(1), false);
  t.end();
});

t.test('ReaderLimits: a token has so many sockets', (t) => {
  const limits = new ReaderLimits();
  const open = Array.from({ length: 100 }, () => limits.open('t-1', 'ci'));

  t.throws(() => limits.open('t-1', 'ci'), { code: 'RATE_LIMITED', message: /token ci has 100 open/ });
  open[0]?.close();
  t.ok(limits.open('t-1', 'ci'));
  t.end();
});
