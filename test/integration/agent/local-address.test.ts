// What the machine says about its own addresses.
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { isLocalAddress } from '../../../agent/engine/local-address.ts';

t.test('isLocalAddress: knows the machine from the rest of the world', async (t) => {
  t.equal(await isLocalAddress('127.0.0.1'), true);
  t.equal(await isLocalAddress('192.0.2.1'), false, 'an address that is given to nobody');
  t.equal(await isLocalAddress('no address'), false);
});

const mayMakeLinks = process.getuid?.() === 0 && canRun('ip', ['link']);

t.test(
  'isLocalAddress: a bridge without anything attached is of this machine too',
  { skip: mayMakeLinks ? false : 'needs root and the program ip' },
  async (t) => {
    const name = `ls-test-${process.pid}`;
    execFileSync('ip', ['link', 'add', name, 'type', 'bridge']);
    t.teardown(() => execFileSync('ip', ['link', 'del', name]));
    execFileSync('ip', ['addr', 'add', '198.51.100.77/30', 'dev', name]);
    execFileSync('ip', ['link', 'set', name, 'up']);

    t.equal(await isLocalAddress('198.51.100.77'), true);
  },
);

function canRun(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
