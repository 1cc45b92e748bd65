/**
 * What is wrong with the host itself, besides its apps: the ingress does not serve, a certificate cannot be used, the
 * metadata guard is gone. Each part looks after itself and sets what it found; here it is announced once per change, in
 * the log and as an event, and read by the report, the status line, health page and metrics.
 */
import { boundedText } from '../fleet/bounded-text.ts';
import type { Problem } from '../fleet/errors.ts';
import { TEXT_LIMITS } from '../fleet/limits.ts';
import type { HostProblem } from '../fleet/report.ts';
import type { Log } from './log.ts';

/** Parts of a host that are looked at. */
export type HostPart = HostProblem['part'];

export interface FoundProblem {
  /** Whether what this host serves is affected now; otherwise it is a warning. */
  readonly failing: boolean;
  readonly text: string;
  /** What makes two findings the same to people: it is announced once, also where the text differs. Default: the text. */
  readonly key?: string;
  /** Neither it nor its end is announced: not looked at yet. */
  readonly quiet?: true;
}

export interface HostProblemsOptions {
  readonly log: Log;
  readonly onEvent: (event: string, text: string) => void;
  readonly onChange: () => void;
}

export class HostProblems {
  readonly #options: HostProblemsOptions;
  readonly #found = new Map<HostPart, readonly FoundProblem[]>();

  constructor(options: HostProblemsOptions) {
    this.#options = options;
  }

  list(): readonly HostProblem[] {
    return [...this.#found].flatMap(([part, found]) =>
      found.map(({ failing, text }) => ({ part, failing, text: boundedText(text, TEXT_LIMITS.hostProblem) })),
    );
  }

  /** All that is wrong with this part now; nothing = it is well. */
  set(part: HostPart, found: readonly FoundProblem[]): void {
    const before = this.#found.get(part) ?? [];
    if (JSON.stringify(before) === JSON.stringify(found)) return;
    if (found.length === 0) this.#found.delete(part);
    else this.#found.set(part, found);
    const known = new Set(before.map(keyOf));
    const { log, onEvent, onChange } = this.#options;
    for (const problem of found.filter((each) => each.quiet !== true && !known.has(keyOf(each)))) {
      log.warn(`${part}: ${problem.text}`);
      onEvent(part, problem.text);
    }
    if (found.length === 0 && before.some(({ quiet }) => quiet !== true)) {
      log.info(`${part}: works again`);
      onEvent(part, `${part} works again`);
    }
    onChange();
  }
}

/** By its code: a proxy that ends again and again leaves another last output each time, and is one trouble. */
export function foundProblem({ code, message, hint }: Problem): FoundProblem {
  return { failing: true, text: `${message}. ${hint}`, key: code };
}

function keyOf({ key, text, failing }: FoundProblem): string {
  return `${String(failing)} ${key ?? text}`;
}
