import t from 'tap';
import { median, percentile } from '../../../../scripts/bench/statistics.ts';

const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);

t.test('percentile: a measured sample, by nearest rank, whatever the order', (t) => {
  t.equal(percentile(hundred, 0.99), 99);
  t.equal(percentile(hundred, 0.5), 50);
  t.equal(percentile(hundred, 1), 100);
  t.equal(percentile([7], 0.01), 7);
  t.equal(percentile([1, 2, 3], 0.99), 3);
  t.end();
});

t.test('percentile: refuses what has no answer', (t) => {
  t.throws(() => percentile([], 0.99), /no samples/);
  t.throws(() => percentile([1], 0), /not in/);
  t.throws(() => percentile([1], 99), /not in/);
  t.end();
});

t.test('median: the middle one, or between the two', (t) => {
  t.equal(median([9, 1, 5]), 5);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.throws(() => median([]), /no samples/);
  t.end();
});

t.test('neither changes its argument', (t) => {
  const samples = [3, 1, 2];
  percentile(samples, 0.5);
  median(samples);
  t.strictSame(samples, [3, 1, 2]);
  t.end();
});
