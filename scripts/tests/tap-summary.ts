// Reads what tap itself counted: the one unindented `# { total: 83, pass: 80, fail: 1, todo: 1, skip: 1 }` at the end
// of its output. A run that died before it wrote that line counts as one failure, never as none.

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 };

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

export function tapSummary(output: string, exitCode: number | null): Counts {
  const summary = [...output.matchAll(/^# (\{ total: .*\})$/gm)].at(-1)?.[1];
  if (summary === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const count = (key: string): number => Number(new RegExp(`\\b${key}: (\\d+)`).exec(summary)?.[1] ?? 0);
  const failed = count('fail');
  return {
    passed: count('pass'),
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: count('skip') + count('todo'),
  };
}

/** Names and reasons of what was skipped, so that a run on a poor machine says what it did not show. */
export function skippedTests(output: string): string[] {
  const lines = [...output.matchAll(/^\s*ok \d+ - (.*?) # SKIP\s*(.*)$/gm)];
  return lines.map(([, title, reason]) => (reason ? `${title ?? ''}: ${reason}` : (title ?? '')));
}
