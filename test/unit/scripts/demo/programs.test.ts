import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { DemoFolder } from '../../../../scripts/demo/demo-state.ts';
import { stopPrograms } from '../../../../scripts/demo/programs.ts';

t.test('stopPrograms: ends what was started again by hand too, and no other demo', async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'longshore-demo-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  // It only waits; what counts is the command line: its program, and a file in the demo's folder.
  const program = path.join(root, 'longshore-agent.cjs');
  writeFileSync(program, 'setInterval(() => undefined, 1_000);');
  const start = (demo: string) => {
    mkdirSync(path.join(root, demo), { recursive: true });
    const child = spawn(process.execPath, [program, '--config', path.join(root, demo, 'quay.yaml')], {
      stdio: 'ignore',
    });
    t.teardown(() => void child.kill('SIGKILL'));
    return { child, ended: once(child, 'exit') };
  };
  const mine = start('demo');
  const other = start('demo-2');
  await Promise.all([once(mine.child, 'spawn'), once(other.child, 'spawn')]);

  await stopPrograms(new DemoFolder(path.join(root, 'demo')), 'agent');

  t.same(await mine.ended, [null, 'SIGTERM']);
  t.equal(other.child.exitCode, null);
  t.equal(other.child.signalCode, null);
});
