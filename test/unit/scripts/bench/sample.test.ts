import t from 'tap';
import { kindOf, summarize, type Sample } from '../../../../scripts/bench/load/sample.ts';

const sample = (dueAt: number, latencyMs: number, failure: string | null = null): Sample => ({
  dueAt,
  latencyMs,
  kind: 'kept GET',
  failure,
});

t.test('kinds in turn: half kept, half new, both with uploads', (t) => {
  const kinds = Array.from({ length: 8 }, (_, number) => kindOf(number));
  t.equal(kinds.filter((kind) => kind.startsWith('kept')).length, 4);
  t.ok(kinds.includes('kept POST') && kinds.includes('new POST'));
  t.equal(kindOf(8), kindOf(0));
  t.end();
});

t.test('summarize: only what was due inside of the windows, whenever it was answered', (t) => {
  const samples = [sample(0, 900), sample(10, 5), sample(19, 500), sample(20, 900), sample(30, 7)];
  const summary = summarize(samples, [
    { fromAt: 10, toAt: 20 },
    { fromAt: 30, toAt: 40 },
  ]);
  t.match(summary, { requests: 3, failed: 0, p50Ms: 7, p99Ms: 500, worstMs: 500 });
  t.end();
});

t.test('summarize: a failure counts and does not make the percentiles better or worse', (t) => {
  const summary = summarize([sample(1, 5), sample(2, 10_000, 'status 502'), sample(3, 6)], [{ fromAt: 0, toAt: 10 }]);
  t.match(summary, { requests: 3, failed: 1, worstMs: 6 });
  t.match(summary.failures, ['kept GET: status 502 after 10000 ms']);
  t.end();
});

t.test('summarize: nothing answered is no figure', (t) => {
  t.throws(() => summarize([], [{ fromAt: 0, toAt: 10 }]), /none of 0 requests/);
  t.throws(() => summarize([sample(1, 5, 'status 502')], [{ fromAt: 0, toAt: 10 }]), /none of 1 .*status 502/);
  t.end();
});
