/** A problem for people: what failed, each detail at its place, and the hint. */
import type { Problem, ProblemDetail } from '../fleet/errors.ts';

export function renderProblem({ code, message, hint, details }: Problem): string {
  return [`${message} (${code})`, ...details.map((detail) => `  ${renderDetail(detail)}`), hint].join('\n');
}

/** `fleet.yaml:7:12: pools.web.count: must be at least 1`: the form that editors and terminals make a link of. */
export function renderDetail({ path, message, line, column }: ProblemDetail): string {
  if (line === null) return `${path}: ${message}`;
  const [file = path, key] = path.split(': ');
  return `${file}:${line}${column === null ? '' : `:${column}`}: ${key === undefined ? '' : `${key}: `}${message}`;
}
