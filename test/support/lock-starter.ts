/** A process that takes the lock of a data directory and keeps it: says `locked`, or the message of its error. */
import { randomBytes } from 'node:crypto';
import { lockDataDir } from '../../daemon/data-dir-lock.ts';

const [directory = ''] = process.argv.slice(2);
const token = randomBytes(8).toString('hex');
process.stdin.resume();
process.stdin.on('data', () => {
  lockDataDir(directory, { program: 'agent', token }).then(
    () => process.stdout.write('locked\n'),
    (error: unknown) => process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`),
  );
});
process.stdout.write('ready\n');
