import path from 'node:path';
import t from 'tap';
import { dealOut, longestFirst, testFiles } from '../../../../scripts/tests/test-files.ts';
import { suites } from '../../../../scripts/tests/suites.ts';

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

t.test('test files: the longest begin first, and none is named that is not there', (t) => {
  t.same(longestFirst(['f/a', 'f/b', 'f/c', 'f/d'], ['c', 'b', 'gone']), ['f/c', 'f/b', 'f/a', 'f/d']);
  for (const { folder, longest = [] } of suites) {
    const names = testFiles(folder).map((file) => path.posix.basename(file));
    for (const name of longest) t.ok(names.includes(name), `${folder}: ${name}`);
  }
  t.end();
});
