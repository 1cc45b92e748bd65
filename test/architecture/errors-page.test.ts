// docs/errors.md is the table of fleet/errors.ts, for people.
import t from 'tap';
import { ERRORS, type ErrorRow } from '../../fleet/errors.ts';
import { codeWords, markdownTable } from '../support/markdown-table.ts';

t.test('errors page: has a row for every code, with its meaning, hint, retry and exit code', (t) => {
  const written = markdownTable('docs/errors.md', 'Codes').map((row) => [codeWords(row[0])[0], ...row.slice(1)]);
  const rows: readonly (readonly [string, ErrorRow])[] = Object.entries(ERRORS);
  const expected = rows.map(([code, row]) => [
    code,
    row.meaning,
    row.hint,
    row.retryable ? 'yes' : 'no',
    String(row.exit),
  ]);

  t.same(written, expected);
  t.end();
});
