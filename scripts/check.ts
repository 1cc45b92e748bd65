// `npm run check`: everything that must hold, in the order of what it costs; goes on after a failure, so that one run
// names all. Ends with what failed and why, then one plain line of what tap counted, each failed step counted as one
// failure: the tail of the output is enough to know.
//   --only NAME...   only these steps and suites; `tests` stands for all suites
import { spawn } from 'node:child_process';
import { runSuite } from './tests/run-suite.ts';
import { suites } from './tests/suites.ts';
import { renderFailure } from './tests/tap-failures.ts';
import { addCounts, noCounts, type Counts } from './tests/tap-summary.ts';

interface Step {
  readonly name: string;
  readonly script: string;
}

const steps: readonly Step[] = [
  { name: 'lint', script: 'lint' },
  { name: 'format', script: 'format:check' },
  { name: 'types', script: 'types' },
  { name: 'shellcheck', script: 'lint:shell' },
  { name: 'build', script: 'build' },
];

const only = process.argv.indexOf('--only');
const wanted = only === -1 ? undefined : process.argv.slice(only + 1);
const isWanted = (name: string, group: string): boolean =>
  wanted === undefined || wanted.includes(name) || wanted.includes(group);
const report: string[] = [];
const failures: string[] = [];
const MOST_FAILURES = 20;
const LINES_OF_STEP = 20;
/** Each works on one core. */
const STEPS_AT_ONCE = 2;
let total: Counts = noCounts;

const waiting = steps.filter(({ name }) => isWanted(name, 'steps'));
await Promise.all(Array.from({ length: STEPS_AT_ONCE }, () => runSteps()));

for (const suite of suites.filter(({ name }) => isWanted(name, 'tests'))) {
  heading(suite.name);
  const startedAt = performance.now();
  const result = await runSuite(suite, []);
  if (result === undefined) {
    note(suite.name, 'no tests', startedAt);
    continue;
  }
  const { passed, failed, skipped } = result.counts;
  total = addCounts(total, result.counts);
  note(suite.name, `${passed} passed, ${failed} failed, ${skipped} skipped`, startedAt);
  for (const title of result.skipped) report.push(`    skipped: ${title}`);
  failures.push(...result.failures.map(renderFailure));
  if (failed > 0 && result.failures.length === 0)
    failures.push(`${suite.name}: the run ended before it was done; see .cache/tests/${suite.name}.tap`);
}

console.log(`\n${report.join('\n')}\n`);
for (const failure of failures.slice(0, MOST_FAILURES)) console.log(`FAILED ${failure}\n`);
if (failures.length > MOST_FAILURES)
  console.log(`and ${failures.length - MOST_FAILURES} more; see .cache/tests/SUITE.tap\n`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function runSteps(): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const startedAt = performance.now();
    const { passed, output } = await runStep(step.script);
    heading(step.name);
    process.stdout.write(output);
    if (!passed) failures.push([step.name, ...output.trimEnd().split('\n').slice(-LINES_OF_STEP)].join('\n    '));
    total = addCounts(total, { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 });
    note(step.name, passed ? 'passed' : 'FAILED', startedAt);
  }
}

function runStep(script: string): Promise<{ readonly passed: boolean; readonly output: string }> {
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ passed: code === 0, output }));
  });
}

function heading(name: string): void {
  console.log(`\n== ${name}`);
}

function note(name: string, outcome: string, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  report.push(`${name.padEnd(14)} ${outcome} (${seconds} s)`);
}
