// Reads from a suite's TAP output what failed: the innermost failures, each with its file, the titles down to it and
// the first lines of its diagnostic. A full run ends with them, so that the tail of a log says why it is red.

export interface TapFailure {
  readonly file: string;
  /** Titles of the tests around it and what was asserted, outermost first. */
  readonly path: readonly string[];
  readonly diagnostic: readonly string[];
}

interface Subtest {
  readonly indent: number;
  readonly title: string;
  hasFailure: boolean;
}

const DIAGNOSTIC_LINES = 20;

export function tapFailures(output: string): TapFailure[] {
  const lines = output.split('\n');
  const open: Subtest[] = [];
  const failures: TapFailure[] = [];
  lines.forEach((line, index) => {
    const [, spaces, opened, failed] = /^( *)(?:# Subtest: (.*)|not ok \d+(?: - (.*))?)$/.exec(line) ?? [];
    if (spaces === undefined) return;
    const indent = spaces.length;
    if (opened !== undefined) {
      closeFrom(open, indent);
      open.push({ indent, title: opened, hasFailure: false });
      return;
    }
    if (/ # (TODO|SKIP)\b/i.test(line)) return;
    // The line of a test whose inside has failed already says nothing more.
    const itself = open.find((each) => each.indent === indent);
    closeFrom(open, indent);
    const around = [...open];
    for (const each of around) each.hasFailure = true;
    if (itself?.hasFailure === true) return;
    const diagnostic = diagnosticAfter(lines, index, indent);
    const title = (failed ?? '').replace(/ # time=\S+$/, '').trim();
    const [file, ...path] = [...around.map((each) => each.title), title];
    failures.push({ file: fileIn(file, diagnostic), path, diagnostic: firstLines(diagnostic) });
  });
  return failures;
}

export function renderFailure(failure: TapFailure): string {
  const titles = failure.path.length === 0 ? '' : `\n  ${failure.path.join(' > ')}`;
  return [`${failure.file}${titles}`, ...failure.diagnostic.map((line) => `    ${line}`)].join('\n');
}

function closeFrom(open: Subtest[], indent: number): void {
  while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
}

function diagnosticAfter(lines: readonly string[], index: number, indent: number): string[] {
  const edge = ' '.repeat(indent + 2);
  if (lines[index + 1] !== `${edge}---`) return [];
  const end = lines.indexOf(`${edge}...`, index);
  return lines.slice(index + 2, end === -1 ? undefined : end).map((line) => line.slice(edge.length));
}

/** A group of files runs under the name of the group; the failure itself knows better. */
function fileIn(entry: string, diagnostic: readonly string[]): string {
  if (entry.endsWith('.test.ts')) return entry;
  const named = diagnostic.map((line) => /^ *fileName: (.*)$/.exec(line)?.[1]).find((name) => name !== undefined);
  return named ?? entry;
}

/** Without the copy of the source, which would leave no room for what was expected and what was found. */
function firstLines(diagnostic: readonly string[]): string[] {
  let isSource = false;
  const kept = diagnostic.filter((line) => {
    if (/^\S/.test(line)) isSource = line.startsWith('source:');
    return !isSource;
  });
  return kept.length <= DIAGNOSTIC_LINES ? kept : [...kept.slice(0, DIAGNOSTIC_LINES), '...'];
}
