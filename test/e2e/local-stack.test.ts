// The local stack on the real engine, through the real provider: from nothing to an app that answers on every host, one
// host more, another version of the programs, hosts less, and nothing left.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { buildApp } from '../../infra/build-app.ts';
import { readFleetFile } from '../../infra/fleet-file/read-fleet-file.ts';
import { stagePrograms } from '../../scripts/programs-image/stage-programs.ts';
import { checkApps } from '../../scripts/demo/shipping.ts';
import { baseImages, engineForTests, needed } from '../support/engine.ts';
import { freePort, freePortRun } from '../support/free-port.ts';
import { pollUntil } from '../support/poll-until.ts';
import { terraformForTests, TerraformFolder } from '../support/terraform.ts';

const FLEET = 'lstest';
const FOLDER = path.resolve('.cache/local-stack-test');
const STATE = path.join(FOLDER, `${FLEET}.local.tfstate`);
const run = promisify(execFile);
const { engine, skip: noEngine } = await engineForTests();
const { terraform, skip: noTerraform } = await terraformForTests('docker');

interface Ports {
  readonly coordinator: number;
  readonly registry: number;
  readonly ingress: number;
}

t.test(
  'local stack: app on every host, empty plan, host added, programs replaced under the app, hosts removed, nothing left',
  { skip: noEngine === false ? noTerraform : noEngine },
  async (t) => {
    const { docker } = needed(engine);
    if (terraform === undefined) throw new Error('skipped without Terraform');
    const stack = new TerraformFolder(terraform, path.join(FOLDER, 'out/stacks/local'));
    // What a killed run left is in its state.
    await destroy(stack);
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    const ports = await choosePorts();
    // As plan.sh does it: others in the image must be able to read what is staged so.
    const usual = process.umask(0o077);
    const programs = await stagePrograms(path.join(FOLDER, 'programs'));
    process.umask(usual);
    t.teardown(async () => {
      await destroy(stack);
      rmSync(FOLDER, { recursive: true, force: true });
    });

    writeStack(2, ports, programs);
    await stack.do('init', '-no-color');
    await apply(stack);

    const outputs = JSON.parse(await stack.do('output', '-json')) as Record<string, { readonly value: unknown }>;
    t.equal(outputs.coordinator_url?.value, `http://127.0.0.1:${ports.coordinator}`);
    const urls = outputs.ingress_urls?.value as readonly string[];
    const [program = '', ...args] = String(outputs.first_token?.value).split(' ');
    const token = (await run(program, args)).stdout.trim();
    const environment = environmentFor(ports, token);
    t.match((await longshore(environment, 'deploy', '-f', 'examples/wordcount/compose.yaml')).stdout, /succeeded/);
    t.same(await checkApps(urls, '1'), [], 'both hosts count');
    t.same(await changes(stack), [], 'a further plan is empty');
    const state = readFileSync(STATE, 'utf8');
    const enrolment = await run('docker', [
      ...['run', '--rm', '-v', `${FLEET}-enrolment:/e:ro`, baseImages.busybox],
      ...['cat', '/e/token'],
    ]);
    t.match(enrolment.stdout, /^\S{20,}\n$/);
    for (const secret of [token, enrolment.stdout.trim()]) t.notOk(state.includes(secret), 'no secret is in the state');

    writeStack(3, ports, programs);
    t.same(await changes(stack), [
      'create docker_container.hosts_container["host-3"]',
      'create docker_volume.hosts_data["host-3"]',
      'delete+create docker_container.coordinator_enrolment',
    ]);
    await apply(stack);
    const third = `http://127.0.0.1:${ports.ingress + 2}`;
    await pollUntil(
      () => checkApps([third], '1'),
      (wrong) => wrong.length === 0,
      60_000,
    );

    const ids = (await hosts()).map(({ id }) => id);
    const before = await instances(ids);
    t.equal(before.length, 3);
    writeFileSync(path.join(programs, 'version'), 'another');
    writeStack(3, ports, programs);
    await apply(stack);
    t.same(await instances(ids), before, 'other programs leave the apps alone');
    await pollUntil(hosts, (all) => all.length === 3 && all.every(({ connected }) => connected), 60_000);

    writeStack(1, ports, programs);
    await apply(stack);
    t.equal((await instances(ids)).length, 1, 'hosts that are gone leave no container of an app');
    t.same(await checkApps(urls.slice(0, 1), '1'), [], 'the first goes on');

    await destroy(stack);
    const filters = { label: [`longshore.stack=${FLEET}`] };
    t.same(await docker.listContainers({ all: true, filters }), []);
    t.same(await instances(ids), []);
    t.same(await docker.listNetworks({ filters }), []);
    t.same((await docker.listVolumes({ filters })).Volumes, []);
    const names = [`127.0.0.1:${ports.registry}/*`, `longshore.local/${FLEET}/*`];
    t.same(await docker.listImages({ filters: { reference: names } }), []);

    async function hosts(): Promise<readonly { readonly id: string; readonly connected: boolean }[]> {
      const { stdout } = await longshore(environment, '--json', 'hosts');
      return JSON.parse(stdout) as { id: string; connected: boolean }[];
    }

    /** Containers of the app on these hosts. */
    async function instances(ids: readonly string[]): Promise<readonly string[]> {
      const found = await docker.listContainers({ all: true, filters: { label: ['longshore.app=wordcount'] } });
      return found
        .filter(({ Labels }) => ids.includes(Labels['longshore.host'] ?? ''))
        .map(({ Id }) => Id)
        .sort();
    }
  },
);

function writeStack(hosts: number, ports: Ports, programsFolder: string): void {
  const text = [
    `name: ${FLEET}`,
    'project: local-only',
    'region: europe-west4',
    'pools: { web: { count: 1 } }',
    'local:',
    `  hosts: ${hosts}`,
    `  coordinator_port: ${ports.coordinator}`,
    `  registry_port: ${ports.registry}`,
    `  ingress_port: ${ports.ingress}`,
    '',
  ].join('\n');
  const fleet = readFleetFile({ path: 'fleet.yaml', text });
  buildApp({
    fleet,
    outputFolder: path.join(FOLDER, 'out'),
    stateFolder: FOLDER,
    gcp: null,
    local: { programsFolder, engineSocket: '/var/run/docker.sock' },
  }).synth();
}

async function choosePorts(): Promise<Ports> {
  return { coordinator: await freePort(), registry: await freePort(), ingress: await freePortRun(3) };
}

async function changes(stack: TerraformFolder): Promise<readonly string[]> {
  const plan = path.join(FOLDER, 'plan');
  await stack.do('plan', '-no-color', '-out', plan);
  return stack.changesOf(plan);
}

async function apply(stack: TerraformFolder): Promise<void> {
  const plan = path.join(FOLDER, 'plan');
  await stack.do('plan', '-no-color', '-out', plan);
  await stack.do('apply', '-no-color', plan);
}

async function destroy(stack: TerraformFolder): Promise<void> {
  try {
    readFileSync(STATE);
  } catch {
    return;
  }
  await stack.do('apply', '-destroy', '-auto-approve', '-no-color');
}

function environmentFor(ports: Ports, token: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LONGSHORE_URL: `http://127.0.0.1:${ports.coordinator}`,
    LONGSHORE_TOKEN: token,
    WORDCOUNT_IMAGE: `127.0.0.1:${ports.registry}/wordcount`,
    WORDCOUNT_BASE: baseImages.node,
    WORDCOUNT_VERSION: '1',
  };
}

function longshore(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<{ readonly stdout: string }> {
  return run(process.execPath, ['--import=tsx', 'cli/main.ts', ...args], { env, maxBuffer: 16 * 1024 * 1024 });
}
