import t from 'tap';
import { addCounts, noCounts, skippedTests, tapSummary } from '../../../../scripts/tests/tap-summary.ts';

t.test('tap summary: takes the counts that tap itself wrote, and only the outermost', (t) => {
  const output =
    '    # { total: 9, pass: 9 }\n1..2\n# { total: 83, pass: 80, fail: 1, todo: 1, skip: 1 }\n# time=1ms\n';

  t.same(tapSummary(output, 1), { passed: 80, failed: 1, skipped: 2 });
  t.end();
});

t.test('tap summary: a run that died is a failure, whatever it had counted', (t) => {
  t.same(tapSummary('', 0), { passed: 0, failed: 1, skipped: 0 });
  t.same(tapSummary('# { total: 2, pass: 2 }\n', 1), { passed: 2, failed: 1, skipped: 0 });
  t.same(tapSummary('# { total: 2, pass: 2 }\n', null), { passed: 2, failed: 1, skipped: 0 });
  t.end();
});

t.test('tap summary: names what was skipped, and why', (t) => {
  t.same(skippedTests('ok 1 - a\n    ok 2 - swaps # SKIP no engine\n'), ['swaps: no engine']);
  t.end();
});

t.test('tap summary: counts add up', (t) => {
  t.same(addCounts(noCounts, { passed: 1, failed: 2, skipped: 3 }), { passed: 1, failed: 2, skipped: 3 });
  t.end();
});
