// `tsx scripts/write-errors-page.ts`: writes docs/errors.md from the table in fleet/errors.ts.
import { writeFileSync } from 'node:fs';
import { ERRORS, type ErrorRow } from '../fleet/errors.ts';

const rows = Object.entries(ERRORS).map(
  ([code, row]: [string, ErrorRow]) =>
    `| \`${code}\` | ${row.meaning} | ${row.hint} | ${row.retryable ? 'yes' : 'no'} | ${row.exit} |`,
);

writeFileSync(
  'docs/errors.md',
  `# Errors

Every error has a code that stays the same, a message that says the operation and its object, and a hint that says
what to do. This page is written from \`fleet/errors.ts\` by \`npx tsx scripts/write-errors-page.ts\`, and a test compares both.

Exit codes of the command line: 0 done, 1 failed, 2 wrong use or input, 3 rolled back, 4 cancelled or superseded,
5 not reachable, 6 not allowed.

## Codes

| code | meaning | what to do | may work later by itself | exit |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`,
);
