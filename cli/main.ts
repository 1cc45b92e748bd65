/** `longshore`: reads the process once, runs one verb, sets the exit code. */
import { createTerminal } from './terminal.ts';
import { runProgram } from './program.ts';
import { VERSION } from '../protocol/product-version.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort();
  // The second Ctrl-C ends at once, whatever is under way.
  process.once('SIGINT', () => process.exit(130));
});
process.once('SIGTERM', () => interrupt.abort());
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exit(1);
    // The reader of our output went away (`| head`): that is no failure of ours, and hides none of a verb that has ended.
    setImmediate(() => process.exit());
  });

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal: createTerminal({ stdin: process.stdin, stdout: process.stdout, stderr: process.stderr }, process.env),
  environment: process.env,
  version: VERSION,
  folder: process.cwd(),
  now: () => Date.now(),
  signal: interrupt.signal,
});
