/** Starts the stand-in of Google Cloud as a container of its own, and starts it again as it was. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import { docker, dockerOutput } from '../vm/docker-command.ts';
import { type CloudConfig, diskFolder, files, ports, rehearsalLabel } from './cloud/cloud-config.ts';
import { makeCertificates, makeCredentialsFile } from './credentials.ts';
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';

export const nodeImage = 'longshore.local/base/node:20';
/** What a container needs to attach and let go of loop devices. */
export const loopDeviceFlags = [
  ...['--cap-add', 'SYS_ADMIN', '--volume', '/dev:/dev'],
  ...['--device-cgroup-rule', 'b 7:* rwm', '--device-cgroup-rule', 'c 10:237 rwm'],
  ...['--security-opt', 'apparmor=unconfined', '--security-opt', 'seccomp=unconfined'],
] as const;
const startMs = 30_000;

export function containerName(state: RehearsalState): string {
  return `rehearsal-${state.name}-cloud`;
}

export async function startStandIn(folder: RehearsalFolder, state: RehearsalState, signal: AbortSignal): Promise<void> {
  const cloud = folder.cloud();
  mkdirSync(folder.cloud(files.disks), { recursive: true, mode: 0o700 });
  makeCertificates(cloud);
  const owner = makeCredentialsFile(folder.path('credentials.json'), state.project);
  const config: CloudConfig = {
    name: state.name,
    project: state.project,
    projectNumber: state.projectNumber,
    network: state.network,
    address: state.address,
    publicPrefix: state.publicPrefix,
    folder: cloud,
    owner,
    image: { node: nodeImage },
  };
  writeFileSync(folder.cloud(files.config), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  await bundle(folder.cloud(files.bundle));
  const label = `${rehearsalLabel}=${state.name}`;
  const range = ['--subnet', state.range, '--ip-range', state.engineRange];
  await dockerOutput([
    'network',
    'create',
    '--label',
    label,
    ...range,
    '--gateway',
    firstAddress(state.range),
    state.network,
  ]);
  const [dockerProgram, registryProgram] = [
    programPath('docker', 'docker.io'),
    programPath('docker-registry', 'docker-registry'),
  ];
  await dockerOutput([
    ...['run', '--detach', '--name', containerName(state), '--label', label, '--restart', 'unless-stopped'],
    ...['--network', state.network, '--ip', state.address],
    // The metadata server's address, and loop devices of disks (`--privileged` asks for more than some engines may give).
    ...['--cap-add', 'NET_ADMIN', ...loopDeviceFlags],
    ...['--volume', '/var/run/docker.sock:/var/run/docker.sock', '--volume', `${cloud}:${cloud}`],
    ...['--volume', `${folder.cloud(files.disks)}:${diskFolder(state.name)}`],
    ...['--volume', `${dockerProgram}:/usr/local/bin/docker:ro`],
    ...['--volume', `${registryProgram}:/usr/local/bin/docker-registry:ro`],
    ...['--publish', `127.0.0.1:${state.proxyPort}:${ports.proxy}`],
    ...['--publish', `127.0.0.1:${state.registryPort}:${ports.registry}`],
    ...[nodeImage, 'node', '--enable-source-maps', folder.cloud(files.bundle), folder.cloud(files.config)],
  ]);
  await answers(state, signal);
}

/** As after a crash of it: the machines and what they hold go on. */
export async function restartStandIn(state: RehearsalState, signal: AbortSignal): Promise<void> {
  await dockerOutput(['restart', '--time', '0', containerName(state)]);
  await answers(state, signal);
}

async function bundle(output: string): Promise<void> {
  await build({
    entryPoints: ['scripts/rehearse/cloud/main.ts'],
    outfile: output,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    sourcemap: 'linked',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module';const require=$createRequire(import.meta.url);",
    },
  });
}

/** Of this machine, installed or unpacked where missing. */
function programPath(program: string, package_: string): string {
  return execFileSync('bash', ['scripts/engine.sh', 'program', program, package_], { encoding: 'utf8' }).trim();
}

/** The registry's door answers last, as it is opened with all others. */
async function answers(state: RehearsalState, signal: AbortSignal): Promise<void> {
  const until = performance.now() + startMs;
  for (;;) {
    signal.throwIfAborted();
    if ((await statusOf(`http://127.0.0.1:${state.registryPort}/v2/`)) === 401) return;
    if (performance.now() > until) {
      const { stdout, stderr } = await docker(['logs', '--tail', '20', containerName(state)]);
      throw new Error(`the stand-in does not answer:\n${stdout}${stderr}`);
    }
    await wait(100, undefined, { signal });
  }
}

/** Google's gateway of the first subnet is the same. */
function firstAddress(range: string): string {
  return range.replace(/\.\d+\/\d+$/, '.1');
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = http.get(url, { timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
  });
}
