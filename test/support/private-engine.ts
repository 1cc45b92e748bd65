/**
 * A Docker Engine of a test's own, to be restarted without harm to others: own data, socket and bridge. It sets no
 * packet filter rules (two engines would fight over them), so its containers reach no outside network; needs root.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type { Test } from 'tap';
import type Docker from 'dockerode';
import { openDocker } from '../../scripts/engine/open-docker.ts';
import { baseImages } from './engine.ts';
import { pollUntil } from './poll-until.ts';

const BRIDGE = 'longshore-test0';
const SUBNET = '10.222.255.0/24';

export interface PrivateEngine {
  readonly socket: string;
  readonly docker: Docker;
  /** Ends the daemon, as `systemctl restart docker` does, and starts it again. */
  restart(): Promise<void>;
}

/** @param shared the engine that the test stands on: gives the bridge and the base images */
export async function startPrivateEngine(t: Pick<Test, 'teardown'>, shared: Docker): Promise<PrivateEngine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-engine-'));
  const socket = path.join(folder, 'docker.sock');
  const docker = openDocker({ socketPath: socket });
  await removeBridge(shared);
  await shared.createNetwork({
    Name: BRIDGE,
    Driver: 'bridge',
    IPAM: { Config: [{ Subnet: SUBNET }] },
    Options: { 'com.docker.network.bridge.name': BRIDGE },
  });
  let daemon = start(folder, socket);
  t.teardown(async () => {
    for (const { Id } of await docker.listContainers({ all: true }).catch(() => [])) await removeContainer(docker, Id);
    await end(daemon);
    await removeBridge(shared);
    unmountBelow(folder);
    // What still ends (a shim, a lazy unmount) may hold or write for a moment.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });
  await answering(docker, folder);
  for (const image of [baseImages.node, baseImages.caddy]) {
    const archive = await shared.getImage(image).get();
    const answer = await docker.loadImage(archive);
    answer.resume();
    await finished(answer);
  }
  return {
    socket,
    docker,
    restart: async () => {
      await end(daemon);
      daemon = start(folder, socket);
      await answering(docker, folder);
    },
  };
}

function start(folder: string, socket: string): ChildProcess {
  const log = openSync(path.join(folder, 'dockerd.log'), 'a');
  return spawn(
    'dockerd',
    [
      ...['--data-root', path.join(folder, 'data'), '--exec-root', path.join(folder, 'exec')],
      ...['--pidfile', path.join(folder, 'dockerd.pid'), '--host', `unix://${socket}`],
      ...['--bridge', BRIDGE, '--iptables=false', '--ip6tables=false'],
    ],
    { stdio: ['ignore', log, log] },
  );
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exited = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  await exited;
}

/**
 * The daemon leaves mounts of its own (its network namespace, its data); the deepest go first. One may be gone by now,
 * taken away by a shim that ends: a mount that does stay shows when the folder is removed.
 */
function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((point) => point.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
  for (const point of points) spawnSync('umount', ['-l', point], { stdio: 'ignore' });
}

async function answering(docker: Docker, folder: string): Promise<void> {
  try {
    await pollUntil(
      () => docker.ping().then(Boolean, () => false),
      (up) => up,
      60_000,
    );
  } catch (error) {
    throw new Error(readFileSync(path.join(folder, 'dockerd.log'), 'utf8').slice(-4_000), { cause: error });
  }
}

async function removeContainer(docker: Docker, id: string): Promise<void> {
  try {
    await docker.getContainer(id).remove({ force: true, v: true });
  } catch (error) {
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
    // 404: gone already. 409: its removal is under way.
    if (status !== 404 && status !== 409) throw error;
  }
}

async function removeBridge(shared: Docker): Promise<void> {
  try {
    await shared.getNetwork(BRIDGE).remove();
  } catch (error) {
    if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error;
  }
}
