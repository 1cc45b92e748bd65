/**
 * What tests of a real VM share: a small cloud, this tree's programs in its bucket, a coordinator outside of the VM that
 * serves TLS under the cloud's root, and a registry that VMs can pull from. All of it goes with the test.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'node:tls';
import type { Test } from 'tap';
import { Agent as HttpAgent, fetch } from 'undici';
import { buildProgramArchives } from '../../scripts/build/program-archives.ts';
import { buildCache } from '../../scripts/build/platforms.ts';
import { SmallCloud } from '../../scripts/vm/small-cloud.ts';
import { dockerOutput } from '../../scripts/vm/docker-command.ts';
import type { Vm } from '../../scripts/vm/run-vm.ts';
import { makeVmImage } from '../../scripts/vm/vm-image.ts';
import { baseImages, engineForTests } from './engine.ts';
import { freePort } from './free-port.ts';
import { pollUntil } from './poll-until.ts';

export interface HostRow {
  readonly id: string;
  readonly name: string;
  readonly connected: boolean;
  readonly converged: boolean;
  readonly pool: string | null;
}

/** Why VMs cannot be had here; false where they can. With LONGSHORE_REQUIRE_ENGINE=1 that is an error instead. */
export async function vmsAreMissing(): Promise<string | false> {
  const { skip } = await engineForTests();
  if (skip !== false) return skip;
  try {
    await makeVmImage();
    return false;
  } catch (error) {
    const reason = `no VM can be made here: ${error instanceof Error ? error.message : String(error)}`;
    if (process.env.LONGSHORE_REQUIRE_ENGINE === '1') throw new Error(reason, { cause: error });
    return reason;
  }
}

export class VmStage {
  readonly cloud: SmallCloud;
  readonly #folder: string;
  readonly #http: HttpAgent;
  readonly #port: number;
  #coordinator: ChildProcess | null = null;
  #output = '';

  private constructor(cloud: SmallCloud, folder: string, port: number) {
    this.cloud = cloud;
    this.#folder = folder;
    this.#port = port;
    this.#http = new HttpAgent({ connect: { ca: readFileSync(path.join(cloud.certificates, 'root.pem')) } });
  }

  static async start(t: Pick<Test, 'teardown'>, name: string): Promise<VmStage> {
    const folder = mkdtempSync(path.join(tmpdir(), `${name}-stage-`));
    const cloud = await SmallCloud.start(name);
    const stage = new VmStage(cloud, folder, await freePort());
    t.teardown(async () => {
      stage.#coordinator?.kill('SIGKILL');
      await cloud.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    await stage.#buildPrograms();
    cloud.publishProgram('agent-x64', stage.agentArchive);
    cloud.putObject('ca/root.pem', readFileSync(path.join(cloud.certificates, 'root.pem'), 'utf8'));
    await stage.startCoordinator();
    return stage;
  }

  get agentArchive(): string {
    return path.join(this.#folder, 'programs', 'longshore-agent-linux-x64.tar.gz');
  }

  get url(): string {
    return `https://${this.cloud.gateway}:${this.#port}`;
  }

  /** Metadata of a host of this stage. */
  hostMetadata(name: string, startupScript: string): Readonly<Record<string, string>> {
    return {
      'instance/name': name,
      'instance/attributes/startup-script': startupScript,
      'instance/attributes/longshore-bucket': 'a-bucket',
      'instance/attributes/longshore-coordinator': this.url.replace('https:', 'wss:'),
      'instance/attributes/longshore-metadata-access': 'deny',
      'instance/attributes/longshore-drain-seconds': '20',
    };
  }

  async startCoordinator(): Promise<void> {
    const { certificates, gateway } = this.cloud;
    const settings = {
      listen: `${gateway}:${this.#port}`,
      'public-url': this.url,
      'data-dir': path.join(this.#folder, 'coordinator'),
      'tls-cert-file': path.join(certificates, 'cert.pem'),
      'tls-key-file': path.join(certificates, 'key.pem'),
      'ca-file': path.join(certificates, 'root.pem'),
      'agents-dir': path.join(this.#folder, 'programs'),
    };
    const flags = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value]);
    const child = spawn(process.execPath, ['--import=tsx', 'coordinator/main.ts', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Where the registry of the stage is asked for digests.
      env: { ...process.env, NODE_EXTRA_CA_CERTS: path.join(certificates, 'root.pem') },
    });
    this.#coordinator = child;
    const ready = new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        this.#output += chunk.toString();
        if (this.#output.includes('is ready')) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('exit', (code) => reject(new Error(`the coordinator ended with ${String(code)}:\n${this.#output}`)));
    });
    await ready;
  }

  async stopCoordinator(): Promise<void> {
    const child = this.#coordinator;
    if (child === null) return;
    this.#coordinator = null;
    this.#output = '';
    await new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill('SIGTERM');
    });
  }

  get adminToken(): string {
    return readFileSync(path.join(this.#folder, 'coordinator', 'admin-token'), 'utf8').trim();
  }

  async call<T>(method: string, route: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}${route}`, {
      method,
      dispatcher: this.#http,
      headers: { authorization: `Bearer ${this.adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Waits until the coordinator says so of this host. */
  async hostUntil(name: string, fits: (host: HostRow) => boolean, limitMs = 90_000): Promise<HostRow> {
    const ask = async (): Promise<HostRow | undefined> => {
      const { items } = await this.call<{ items: readonly HostRow[] }>('GET', '/v1/hosts');
      return items.find((host) => host.name === name);
    };
    const found = await pollUntil(ask, (host) => host !== undefined && fits(host), limitMs);
    if (found === undefined) throw new Error(`${name} is no host`);
    return found;
  }

  /** The command line, from source, as an administrator of this coordinator. */
  run(...parameters: readonly string[]): Promise<{ readonly exit: number | null; readonly output: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--import=tsx', 'cli/main.ts', ...parameters], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          LONGSHORE_URL: this.url,
          LONGSHORE_TOKEN: this.adminToken,
          NODE_EXTRA_CA_CERTS: path.join(this.cloud.certificates, 'root.pem'),
        },
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.once('error', reject);
      child.once('close', (exit) => resolve({ exit, output }));
    });
  }

  write(name: string, text: string): string {
    const file = path.join(this.#folder, name);
    writeFileSync(file, text);
    return file;
  }

  async #buildPrograms(): Promise<void> {
    await buildProgramArchives({
      output: path.join(this.#folder, 'programs'),
      work: path.join(this.#folder, 'build'),
      cache: buildCache(process.env),
      platforms: ['x64'],
    });
    if (!existsSync(this.agentArchive)) throw new Error('the agent was not built');
  }
}

/** Text of standard output of a shell line in the VM. @throws where it fails */
export function inVm(vm: Vm, line: string): Promise<string> {
  return vm.output(['bash', '-c', line]).then((text) => text.trim());
}

/**
 * TLS at the gateway's address in front of the registry on loopback, which VMs cannot reach, and a small web server's
 * image in it. @returns the image's reference as VMs pull it
 */
export async function serveImage(t: Pick<Test, 'teardown'>, cloud: SmallCloud, registry: string): Promise<string> {
  const [host = '', port = ''] = registry.split(':');
  const name = `vm-test/${path.basename(cloud.certificates).toLowerCase()}`;
  await dockerOutput(['tag', baseImages.busybox, `${registry}/${name}:1`]);
  await dockerOutput(['push', '--quiet', `${registry}/${name}:1`]);
  await dockerOutput(['rmi', `${registry}/${name}:1`]);
  const read = (file: string): Buffer => readFileSync(path.join(cloud.certificates, file));
  const open = new Set<Socket>();
  const front: Server = createServer({ cert: read('cert.pem'), key: read('key.pem') }, (client) => {
    const upstream = connect(Number(port), host);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  const listening = await freePort();
  await new Promise<void>((resolve) => front.listen(listening, cloud.gateway, resolve));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    front.close();
  });
  return `${cloud.gateway}:${listening}/${name}:1`;
}
