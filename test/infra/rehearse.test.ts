// `bash scripts/rehearse.sh` as a person runs it: killed in the middle, run again through the whole chain with the real
// Terraform and the real provider, and nothing left of either.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { rehearsalLabel } from '../../scripts/rehearse/cloud/cloud-config.ts';
import { engineForTests, needed } from '../support/engine.ts';
import { runProgram, type ProgramEnd } from '../support/run-program.ts';
import { terraformForTests } from '../support/terraform.ts';

const { engine, skip: noEngine } = await engineForTests();
const { terraform, skip: noTerraform } = await terraformForTests('google');
const skip = noEngine === false ? noTerraform : noEngine;
const name = 'test';
const stateDir = execFileSync('bash', ['scripts/engine.sh', 'state-dir'], { encoding: 'utf8' }).trim();
const folder = path.join(stateDir, `rehearsal-${name}`);
const env = { ...process.env, TF_CLI_CONFIG_FILE: terraform?.configFile };

t.test(
  'rehearse: cleans up after a killed one, goes through the whole chain, and leaves nothing',
  { skip },
  async (t) => {
    const { docker } = needed(engine);
    const left = async (): Promise<readonly string[]> => {
      const filters = { label: [`${rehearsalLabel}=${name}`] };
      const containers = await docker.listContainers({ all: true, filters });
      const networks = await docker.listNetworks({ filters });
      return [...containers.flatMap(({ Names }) => Names), ...networks.map(({ Name }) => Name)];
    };
    t.teardown(() => rehearse('--down'));
    await rehearse('--down');

    const killed = await startAndKill(left);
    t.equal(killed, 'SIGKILL', 'the first was killed while its stand-in ran');
    t.ok((await left()).length > 0, 'and left something');

    const run = await rehearse();
    t.equal(run.status, 0, run.output);
    for (const said of [
      /Cleaning up after a rehearsal that was killed/,
      /Plan: \d+ to add, 0 to change, 0 to replace, 0 to destroy/,
      /2 hosts enrol by their machines' identity/,
      /From apply to the app answering:/,
      /One more host in fleet\.yaml: the plan shows just that/,
      /The new host joins and gets the app by itself/,
      /A plan from another folder is empty/,
      /is deleted behind Terraform's back, and comes back/,
      /The plan of another zone for the coordinator is refused/,
      /The coordinator answers from europe-west1-\w with the same hosts/,
      /A container of the app asks for its host's identity, and gets nothing/,
      /Nothing is left/,
      /The whole chain did what it must/,
    ])
      t.match(run.output, said);

    t.same(await left(), []);
    t.notOk(existsSync(folder), 'the folder is gone');
    t.notMatch(execFileSync('losetup', ['-a'], { encoding: 'utf8' }), `/r/${name}/`, 'no disk is attached');
    t.equal((await rehearse('--down')).status, 0, 'ending twice is fine');
  },
);

t.test('rehearse: what cannot be rehearsed is refused before anything is made', { skip }, async (t) => {
  const run = await rehearse('--file', 'examples/fleets/web-balancer.yaml');
  t.equal(run.status, 2, run.output);
  t.match(run.output, /cannot be rehearsed/);
  t.notOk(existsSync(folder));
});

function rehearse(...options: readonly string[]): Promise<ProgramEnd> {
  return runProgram('bash', ['scripts/rehearse.sh', '--name', name, ...options], env);
}

/** Kills it, whole, when its stand-in runs: network, containers and files are there then, and nobody to end them. */
async function startAndKill(left: () => Promise<readonly string[]>): Promise<NodeJS.Signals | null> {
  const child = spawn('bash', ['scripts/rehearse.sh', '--name', name], { stdio: 'ignore', env });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  while (child.exitCode === null && !(await left()).some((one) => one.endsWith('-cloud'))) await wait(100);
  child.kill('SIGKILL');
  return ended;
}
