// `npm run test:<suite> -- [files]`: one suite, or only the files named. Exits 1 when anything failed.
import { runSuite } from './run-suite.ts';
import { findSuite, suites } from './suites.ts';

const [name = '', ...files] = process.argv.slice(2);
const suite = findSuite(name);
if (suite === undefined) {
  console.error(`Unknown suite "${name}". There are: ${suites.map((known) => known.name).join(', ')}`);
  process.exit(2);
}
const result = await runSuite(suite, files);
if (result === undefined) console.log(`${suite.name}: no test files in ${suite.folder}`);
else {
  const { passed, failed, skipped } = result.counts;
  console.log(
    `${suite.name}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${Math.round(result.elapsedMs)} ms`,
  );
  process.exitCode = failed > 0 ? 1 : 0;
}
