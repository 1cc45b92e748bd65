import t from 'tap';
import { waveEnds, wavesOf } from '../../../../coordinator/rollout/waves.ts';

t.test('waveEnds: counts and percentages are cumulative and round up', (t) => {
  const sizes = [
    { kind: 'count', hosts: 1 },
    { kind: 'percent', percent: 10 },
    { kind: 'percent', percent: 50 },
    { kind: 'percent', percent: 100 },
  ] as const;

  t.same(waveEnds(25, sizes), [1, 3, 13, 25]);
  t.same(waveEnds(3, sizes), [1, 2, 3], 'a wave that adds nobody is left out');
  t.same(waveEnds(1, sizes), [1]);
  t.same(waveEnds(0, sizes), []);
  t.end();
});

t.test('waveEnds: `every` repeats until all are done, and 0 is all together', (t) => {
  t.same(waveEnds(5, [{ kind: 'every', hosts: 2 }]), [2, 4, 5]);
  t.same(waveEnds(5, [{ kind: 'every', hosts: 0 }]), [5]);
  t.same(
    waveEnds(6, [
      { kind: 'count', hosts: 1 },
      { kind: 'every', hosts: 3 },
    ]),
    [1, 4, 6],
  );
  t.end();
});

t.test('waveEnds: the last wave reaches everybody even where no size says so', (t) => {
  t.same(waveEnds(4, []), [4]);
  t.same(waveEnds(4, [{ kind: 'count', hosts: 1 }]), [1, 4]);
  t.same(waveEnds(4, [{ kind: 'count', hosts: 99 }]), [4]);
  t.end();
});

t.test('wavesOf: names the wave of each position', (t) => {
  t.same(wavesOf(4, [{ kind: 'count', hosts: 1 }]), [0, 1, 1, 1]);
  t.end();
});
