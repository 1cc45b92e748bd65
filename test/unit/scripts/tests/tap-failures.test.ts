import t from 'tap';
import { renderFailure, tapFailures } from '../../../../scripts/tests/tap-failures.ts';

const nested = `TAP version 14
# Subtest: test/unit/a.test.ts
    # Subtest: outer
        ok 1 - fine
        # Subtest: inner
            not ok 1 - one is two
              ---
              compare: ===
              source: >
                t.equal(1, 2)
                --^
              diff: |
                -2
                +1
              ...

            1..1
        not ok 2 - inner # time=35.9ms
          ---
          at:
            lineNumber: 4
          ...
        1..2
    not ok 1 - outer # time=117.9ms
    # Subtest: later
        ok 1 - fine
    ok 2 - later # time=1ms
not ok 1 - test/unit/a.test.ts # time=1054.6ms
  ---
  exitCode: 1
  ...
# Subtest: test/unit/b.test.ts
    ok 1 - works
    not ok 2 - not yet # TODO later
not ok 2 - test/unit/b.test.ts # time=9ms
  ---
  signal: SIGTERM
  ...
ok 3 - test/unit/c.test.ts
`;

t.test('tap failures: the innermost ones, with their file, titles and diagnostic without the source', (t) => {
  t.same(tapFailures(nested), [
    {
      file: 'test/unit/a.test.ts',
      path: ['outer', 'inner', 'one is two'],
      diagnostic: ['compare: ===', 'diff: |', '  -2', '  +1'],
    },
    { file: 'test/unit/b.test.ts', path: [], diagnostic: ['signal: SIGTERM'] },
  ]);
  t.same(tapFailures('# Subtest: a\n    ok 1 - fine\nok 1 - a\n'), []);
  t.end();
});

t.test('tap failures: in a group the file is the one where it failed', (t) => {
  const output = [
    '# Subtest: .cache/tests/unit-1.mjs',
    '    # Subtest: adds',
    '        not ok 1 - sum',
    '          ---',
    '          at:',
    '            fileName: test/unit/fleet/sum.test.ts',
    '          ...',
  ].join('\n');

  t.match(tapFailures(output), [{ file: 'test/unit/fleet/sum.test.ts', path: ['adds', 'sum'] }]);
  t.end();
});

t.test('tap failures: a long diagnostic is cut, a broken output is read as far as it goes', (t) => {
  const long = Array.from({ length: 40 }, (_, line) => `  line${line}: x`);
  const cut = tapFailures(['not ok 1 - a', '  ---', ...long, '  ...'].join('\n'));

  t.same(cut[0]?.diagnostic.length, 21);
  t.same(cut[0]?.diagnostic.at(-1), '...');
  t.same(tapFailures('not ok 1 - a\n  ---\n  exit'), [{ file: 'a', path: [], diagnostic: ['exit'] }]);
  t.end();
});

t.test('tap failures: are rendered as one block', (t) => {
  const failure = { file: 'a.test.ts', path: ['outer', 'sum'], diagnostic: ['+1'] };

  t.equal(renderFailure(failure), 'a.test.ts\n  outer > sum\n    +1');
  t.equal(renderFailure({ file: 'a.test.ts', path: [], diagnostic: [] }), 'a.test.ts');
  t.end();
});
