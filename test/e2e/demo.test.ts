// The README's first command, as a person runs it: killed in the middle, run again, broken on purpose, kept, ended.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { engineForTests, needed } from '../support/engine.ts';
import { runProgram, type ProgramEnd } from '../support/run-program.ts';

const { engine, skip } = await engineForTests();
const name = ['--name', 'demo-test'];
const stateDir = execFileSync('bash', ['scripts/engine.sh', 'state-dir'], { encoding: 'utf8' }).trim();
const folder = path.join(stateDir, 'demo-test');

t.test('demo: cleans up after a killed one, survives a broken version, and leaves nothing', { skip }, async (t) => {
  const { docker } = needed(engine);
  t.teardown(() => demo('--down'));
  await demo('--down');

  const killed = await startAndKill();
  t.equal(killed, 'SIGKILL', 'the first was killed in the middle');

  const run = await demo('--keep', '--break');
  t.equal(run.status, 0, run.output);
  t.match(run.output, /Cleaning up after a demo that was killed/);
  t.match(run.output, /Every host counts the words of an upload/);
  t.match(run.output, /[1-9]\d* requests meanwhile, 0 failed/);
  t.match(run.output, /NEVER_HEALTHY/);

  const again = await demo('--exit');
  t.equal(again.status, 2);
  t.match(again.output, /left running with --keep/);

  const hosts = hostIds();
  t.equal(hosts.length, 3);
  const down = await demo('--down');
  t.equal(down.status, 0, down.output);
  t.notOk(existsSync(folder), 'the folder is gone');
  for (const host of hosts) {
    const filters = { label: [`longshore.host=${host}`] };
    t.same(await docker.listContainers({ all: true, filters }), []);
    t.same(await docker.listNetworks({ filters }), []);
    t.same(await docker.listImages({ filters: { reference: [`longshore.local/${host}/*/*`] } }), []);
  }
  t.equal((await demo('--down')).status, 0, 'ending twice is fine');
});

t.test('demo: agents inside containers serve the same, and leave nothing', { skip }, async (t) => {
  const { docker } = needed(engine);
  t.teardown(() => demo('--down'));

  const run = await demo('--exit', '--agents-in-containers');

  t.equal(run.status, 0, run.output);
  t.match(run.output, /Starting three agents in containers/);
  t.match(run.output, /Every host counts the words of an upload/);
  const filters = { label: ['longshore.demo=demo-test'] };
  t.same(await docker.listContainers({ all: true, filters }), []);
  t.same((await docker.listVolumes({ filters })).Volumes, []);
  t.notOk(existsSync(folder), 'the folder is gone');
});

function demo(...options: readonly string[]): Promise<ProgramEnd> {
  return runProgram('bash', ['scripts/demo.sh', ...name, ...options]);
}

/** Kills it when its first agent has enrolled: programs and folders are there then, and nobody to end them. */
async function startAndKill(): Promise<NodeJS.Signals | null> {
  const child = spawn('bash', ['scripts/demo.sh', ...name, '--exit'], { stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  while (isAlive(child) && hostIds().length === 0) await wait(50);
  child.kill('SIGKILL');
  return ended;
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function hostIds(): string[] {
  return ['harbour', 'quay', 'pier'].flatMap((host) => {
    const file = path.join(folder, host, 'identity.json');
    if (!existsSync(file)) return [];
    const identity = JSON.parse(readFileSync(file, 'utf8')) as { readonly enrolled: { readonly host: string } | null };
    return identity.enrolled === null ? [] : [identity.enrolled.host];
  });
}
