/** A problem for people: what, where, and a hint. */
import type { Problem } from '../../fleet/errors.ts';
import { plainText } from './plain-text.ts';

export function renderProblem(problem: Problem): string {
  const lines = [`${problem.code}: ${problem.message}`];
  const [only] = problem.details;
  // A single detail that the message tells already would be read twice.
  const isTold = problem.details.length === 1 && only?.line === null && problem.message.includes(only.message);
  for (const detail of isTold ? [] : problem.details) {
    const position =
      detail.line === null ? '' : ` (line ${detail.line}${detail.column === null ? '' : `, column ${detail.column}`})`;
    lines.push(`  - ${detail.path === '' ? '' : `${detail.path}${position}: `}${detail.message}`);
  }
  if (problem.hint !== '') lines.push(`  hint: ${problem.hint}`);
  return plainText(lines.join('\n'));
}
