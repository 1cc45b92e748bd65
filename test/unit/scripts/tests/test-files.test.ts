import t from 'tap';
import { dealOut, testFiles } from '../../../../scripts/tests/test-files.ts';

t.test('test files: are dealt out evenly, and none is lost', (t) => {
  t.same(dealOut(['a', 'b', 'c', 'd', 'e'], 2), [
    ['a', 'c', 'e'],
    ['b', 'd'],
  ]);
  t.same(dealOut(['a'], 4), [['a']]);
  t.same(dealOut([], 2), [[]]);
  t.end();
});

t.test('test files: a suite without a folder has none', (t) => {
  t.same(testFiles('test/nothing-here'), []);
  t.ok(testFiles('test/unit').includes('test/unit/scripts/tests/test-files.test.ts'));
  t.end();
});
