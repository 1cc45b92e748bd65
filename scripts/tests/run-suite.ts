// Runs one suite (or some files of it) with tap and returns tap's own counts.
// Suites of pure tests are grouped: a generated file imports many test files into one process, because a process of
// its own for each costs 0.5 s and the tests in it a few milliseconds. Root hooks would reach over the files of a
// group; test/architecture forbids them there.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { buildIfOld } from '../build/build-if-old.ts';
import { dealOut, longestFirst, testFiles } from './test-files.ts';
import { tapFailures, type TapFailure } from './tap-failures.ts';
import { skippedTests, tapSummary, type Counts } from './tap-summary.ts';
import type { Suite } from './suites.ts';
import { prepareTerraform } from './terraform-tools.ts';

export interface SuiteResult {
  readonly counts: Counts;
  readonly skipped: readonly string[];
  readonly failures: readonly TapFailure[];
  readonly elapsedMs: number;
}

const cacheFolder = '.cache/tests';

export async function runSuite(suite: Suite, chosen: readonly string[]): Promise<SuiteResult | undefined> {
  const files = chosen.length > 0 ? chosen : longestFirst(testFiles(suite.folder), suite.longest ?? []);
  if (files.length === 0) return undefined;
  mkdirSync(cacheFolder, { recursive: true });
  const entries =
    suite.processes === 'each' || files.length < 4 ? files : writeGroups(suite.name, dealOut(files, suite.processes));
  const output = path.join(cacheFolder, `${suite.name}.tap`);
  rmSync(output, { force: true });
  const startedAt = performance.now();
  if (suite.built === true) buildIfOld();
  if (suite.terraform === true) prepareTerraform();
  const exitCode = await runTap([
    `--jobs=${suite.jobs}`,
    `--timeout=${Math.ceil(suite.timeoutMs / 1000)}`,
    `--output-file=${output}`,
    ...entries,
  ]);
  const written = readOptional(output);
  return {
    counts: tapSummary(written, exitCode),
    skipped: skippedTests(written),
    failures: tapFailures(written),
    elapsedMs: performance.now() - startedAt,
  };
}

function writeGroups(name: string, groups: readonly (readonly string[])[]): string[] {
  return groups.map((files, position) => {
    const entry = path.posix.join(cacheFolder, `${name}-${position + 1}.mjs`);
    const imports = files.map((file) => `await import(${JSON.stringify(path.posix.relative(cacheFolder, file))});`);
    writeFileSync(entry, `${[...holdOpen(files.length), ...imports, 'allLoaded();'].join('\n')}\n`);
    return entry;
  });
}

/**
 * A first test that lasts until every file has put its tests in line. Without it tap takes the moment in which one
 * file's tests are done and the next is still loading for the end, and silently leaves the others out.
 */
function holdOpen(files: number): string[] {
  return [
    "import t from 'tap';",
    'let allLoaded;',
    'const loading = new Promise((resolve) => { allLoaded = resolve; });',
    `t.test('${files} files are loaded', async () => { await loading; });`,
  ];
}

function runTap(args: readonly string[]): Promise<number | null> {
  // On a terminal tap repaints its progress; into a pipe that would be one copy of the page after each test.
  const live = process.stdout.isTTY;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['node_modules/tap/dist/esm/run.mjs', ...args], {
      stdio: ['ignore', live ? 'inherit' : 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: live ? process.env.NO_COLOR : '1' },
    });
    let painted = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      painted += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (!live) process.stdout.write(lastPage(painted));
      resolve(code);
    });
  });
}

/** What stands on the screen after the last repaint, without the control codes. */
function lastPage(painted: string): string {
  const repaint = '\u001b[G';
  const from = painted.lastIndexOf(repaint);
  const page = from === -1 ? painted : painted.slice(from + repaint.length);
  return stripVTControlCharacters(page).replace(/\n{3,}/g, '\n\n');
}

function readOptional(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
