/** A problem for people: what, where, and the mend. */
import type { Problem } from '../../fleet/errors.ts';
import { plainText } from './plain-text.ts';

export function renderProblem(problem: Problem): string {
  const lines = [`${problem.code}: ${problem.message}`];
  for (const detail of problem.details) {
    const position =
      detail.line === null ? '' : ` (line ${detail.line}${detail.column === null ? '' : `, column ${detail.column}`})`;
    lines.push(`  - ${detail.path === '' ? '' : `${detail.path}${position}: `}${detail.message}`);
  }
  if (problem.hint !== '') lines.push(`  mend: ${problem.hint}`);
  return plainText(lines.join('\n'));
}
