/** A problem whose texts and details fit the wire, whatever they were made of. */
import { boundedText } from './bounded-text.ts';
import { LIST_LIMITS, TEXT_LIMITS } from './limits.ts';

export interface ProblemDetail {
  /** `services.web.ports[0]`, a field of a body, or a file name. */
  readonly path: string;
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
}

interface ProblemTexts {
  readonly message: string;
  readonly hint: string;
  readonly details: readonly ProblemDetail[];
}

export function boundedProblem<P extends ProblemTexts>(problem: P): P {
  return {
    ...problem,
    message: boundedText(problem.message, TEXT_LIMITS.problemMessage),
    hint: boundedText(problem.hint, TEXT_LIMITS.problemHint),
    details: boundedDetails(problem.details),
  };
}

/** As many as fit, and a last one that says how many more there are. */
export function boundedDetails(details: readonly ProblemDetail[]): readonly ProblemDetail[] {
  const kept: ProblemDetail[] = [];
  let length = 0;
  for (const detail of details) {
    const next = boundedDetail(detail);
    length += next.path.length + next.message.length;
    if (length > TEXT_LIMITS.allDetails || kept.length === LIST_LIMITS.problemDetails) break;
    kept.push(next);
  }
  if (kept.length === details.length) return kept;
  const shown = kept.slice(0, Math.min(kept.length, LIST_LIMITS.problemDetails - 1));
  return [...shown, { path: '', message: `… [${details.length - shown.length} more]`, line: null, column: null }];
}

function boundedDetail(detail: ProblemDetail): ProblemDetail {
  return {
    ...detail,
    path: boundedText(detail.path, TEXT_LIMITS.detailPath),
    message: boundedText(detail.message, TEXT_LIMITS.detailMessage),
  };
}
