import t from 'tap';
import { interleave, LONGEST_ANSWER, weightedAddresses } from '../../../../agent/ingress/weighted-addresses.ts';

const counts = (lists: readonly (readonly string[])[]): readonly number[] => lists.map((list) => list.length);

t.test('weightedAddresses: a service alone is not repeated, whatever its weight', (t) => {
  t.same(weightedAddresses([{ weight: 7, addresses: ['a', 'b'] }]), [['a', 'b']]);
  t.end();
});

t.test('weightedAddresses: the share is the service, not the replica', (t) => {
  const lists = weightedAddresses([
    { weight: 9, addresses: ['a', 'b', 'c'] },
    { weight: 1, addresses: ['d'] },
  ]);

  t.same(counts(lists), [9, 1]);
  t.same(lists[1], ['d']);
  t.end();
});

t.test('weightedAddresses: one without an address leaves its share to the others', (t) => {
  t.same(
    weightedAddresses([
      { weight: 9, addresses: [] },
      { weight: 1, addresses: ['d'] },
    ]),
    [[], ['d']],
  );
  t.end();
});

t.test('weightedAddresses: weight 0 serves only where nobody else does', (t) => {
  const zero = { weight: 0, addresses: ['z'] };

  t.same(weightedAddresses([zero, { weight: 1, addresses: ['a'] }]), [[], ['a']]);
  t.same(weightedAddresses([zero, { weight: 1, addresses: [] }]), [['z'], []]);
  t.end();
});

t.test('weightedAddresses: fits an answer, with the least repetition that is exact', (t) => {
  t.same(
    counts(
      weightedAddresses([
        { weight: 50, addresses: ['a'] },
        { weight: 50, addresses: ['b'] },
      ]),
    ),
    [1, 1],
  );
  const many = Array.from({ length: 40 }, (_, n) => `m${n}`);
  const lists = weightedAddresses([
    { weight: 999, addresses: many },
    { weight: 1, addresses: ['x'] },
  ]);
  t.ok((lists[0]?.length ?? 0) + (lists[1]?.length ?? 0) <= LONGEST_ANSWER);
  t.end();
});

t.test('interleave: spreads repetitions', (t) => {
  t.same(interleave(['a', 'a', 'a', 'b']), ['a', 'a', 'b', 'a']);
  t.same(interleave(['a', 'b']), ['a', 'b']);
  t.same(interleave([]), []);
  t.end();
});
