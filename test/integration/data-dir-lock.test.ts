// One process a data directory: however it is reached, however the one before ended, and whoever else starts just then.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { build } from 'esbuild';
import { lockDataDir, type DataDirLock } from '../../daemon/data-dir-lock.ts';

const TAKEN = { code: 'CONFIG_INVALID', message: /another agent of this machine uses it/ };

function folder(t: Pick<Test, 'teardown'>): string {
  const made = mkdtempSync(path.join(tmpdir(), 'ls-lock-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

let tokens = 0;
const take = (directory: string, program: 'agent' | 'coordinator' = 'agent'): Promise<DataDirLock> => {
  tokens += 1;
  return lockDataDir(directory, { program, token: `t${tokens}` });
};

t.test('lockDataDir: one a directory, by whatever name it is reached', async (t) => {
  const dir = path.join(folder(t), 'data');
  const lock = await take(dir);
  const other = `${dir}-link`;
  await symlink(dir, other);

  await t.rejects(take(dir), TAKEN);
  await t.rejects(take(other), TAKEN);
  await (await take(dir, 'coordinator')).release();
  await t.rejects(take(dir), TAKEN, 'and it was let go of nothing of ours');
  await lock.release();
  const next = await take(other);
  await t.rejects(take(dir), TAKEN);
  await next.release();
  t.same(readdirSync(dir).sort(), ['agent-lock-2.sock', 'coordinator-lock-1.sock'], 'what is over is taken away');
});

t.test('lockDataDir: a directory that cannot be had is an error that names it', async (t) => {
  const dir = folder(t);
  await writeFile(path.join(dir, 'file'), '');
  await t.rejects(take(path.join(dir, 'file', 'x')), {
    code: 'CONFIG_INVALID',
    message: /use data_dir .*file\/x: (ENOTDIR|EEXIST)/,
  });
});

t.test('lockDataDir: the path of the directory may be longer than that of a socket', async (t) => {
  const dir = path.join(folder(t), 'x'.repeat(120), 'y'.repeat(120));
  const lock = await take(dir);
  await t.rejects(take(dir), TAKEN);
  await lock.release();
});

t.test('lockDataDir: a name of the same form that is none of ours keeps nobody out', async (t) => {
  const dir = folder(t);
  await mkdir(path.join(dir, 'agent-lock-x.sock'));
  await writeFile(path.join(dir, 'agent-lock-3.sock'), 'restored from a copy');
  await (await take(dir)).release();
  t.ok(readdirSync(dir).includes('agent-lock-4.sock'));
});

interface Starter {
  readonly child: ChildProcess;
  /** Its next line. */
  line(): Promise<string>;
  /** Tells it to take the lock. @returns what came of it */
  go(): Promise<string>;
}

function starter(t: Pick<Test, 'teardown'>, file: string, dir: string, before: readonly string[] = []): Starter {
  const [command, ...args] = [...before, process.execPath, file, dir];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  return {
    child,
    line,
    go: async () => {
      child.stdin.write('go\n');
      return line();
    },
  };
}

async function builtStarter(t: Pick<Test, 'teardown'>): Promise<string> {
  const outfile = path.join(folder(t), 'starter.mjs');
  const entryPoints = ['test/support/lock-starter.ts'];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  return outfile;
}

async function killed({ child }: Starter): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

t.test('lockDataDir: of those who start at once over a killed one exactly one has it, fifty times', async (t) => {
  const file = await builtStarter(t);
  const dir = folder(t);
  let owner: Starter | null = null;
  for (let round = 0; round < 50; round += 1) {
    const starters = Array.from({ length: 3 }, () => starter(t, file, dir));
    for (const each of starters) await each.line();
    if (owner !== null) await killed(owner);
    const answers = await Promise.all(starters.map((each) => each.go()));
    const locked = starters.filter((_, index) => answers[index] === 'locked');
    if (locked.length !== 1) t.fail(`round ${round}: ${answers.join('; ')}`);
    for (const answer of answers) if (answer !== 'locked') t.match(answer, TAKEN.message);
    for (const each of starters) if (!locked.includes(each)) await killed(each);
    owner = locked[0] ?? null;
  }
  t.match(readdirSync(dir), ['agent-lock-50.sock']);
  t.equal(readdirSync(dir).length, 1, 'nothing is left of the others');
});

const skip = process.getuid?.() === 0 ? false : 'a network namespace needs root';
t.test('lockDataDir: it holds between network namespaces, and for an owner that is stopped', { skip }, async (t) => {
  const file = await builtStarter(t);
  const dir = folder(t);
  const outside = starter(t, file, dir);
  await outside.line();
  const inside = starter(t, file, dir, ['unshare', '-n']);
  t.equal(await inside.line(), 'ready');
  t.equal(await inside.go(), 'locked');
  inside.child.kill('SIGSTOP');
  t.match(await outside.go(), TAKEN.message);
  await killed(inside);
  t.equal(await outside.go().catch(String), 'locked');
});
