/**
 * As much of a cloud as one VM needs to boot: a network of its own with a metadata server at 169.254.169.254, a bucket,
 * and a resolver. It holds up no rule of Google's but the ones that a machine's setup meets; the whole rehearsal is
 * scripts/rehearse.sh.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { docker, dockerOutput } from './docker-command.ts';
import { existingVm, NO_VM_OPTIONS, startVm, type Vm, type VmOptions } from './run-vm.ts';

const NODE_IMAGE = 'longshore.local/base/node:20';
const LABEL = 'longshore.small-cloud';
const REPOSITORY = path.resolve(import.meta.dirname, '../..');

export class SmallCloud {
  /** Of the bucket, as files. */
  readonly bucket: string;
  readonly #name: string;
  readonly #folder: string;
  readonly #vms: Vm[] = [];
  #address = '';
  #gateway = '';

  private constructor(name: string, folder: string) {
    this.#name = name;
    this.#folder = folder;
    this.bucket = path.join(folder, 'bucket');
  }

  /** What a killed run of the same name left is removed before. */
  static async start(name: string): Promise<SmallCloud> {
    await removeLeft(name);
    const cloud = new SmallCloud(name, mkdtempSync(path.join(tmpdir(), `${name}-`)));
    await cloud.#start();
    return cloud;
  }

  /** `root.pem`, which its VMs trust; `cert.pem` and `key.pem`, for Google's APIs and for the gateway's address. */
  get certificates(): string {
    return this.#folder;
  }

  /** Address of this machine in the network: where what runs outside of VMs is dialled. */
  get gateway(): string {
    return this.#gateway;
  }

  /** Replaces what the metadata server tells, from the next question on. */
  setMetadata(values: Readonly<Record<string, string>>): void {
    writeFileSync(path.join(this.#folder, 'metadata.json'), JSON.stringify(values));
  }

  /** Puts an archive into the bucket and points the channel at it. */
  publishProgram(channel: string, archive: string): void {
    const sha256 = execFileSync('sha256sum', [archive], { encoding: 'utf8' }).slice(0, 64);
    const object = `programs/${sha256}/${path.basename(archive)}`;
    mkdirSync(path.dirname(path.join(this.bucket, object)), { recursive: true });
    copyFileSync(archive, path.join(this.bucket, object));
    this.putObject(`channels/${channel}`, `${sha256}  ${object}\n`);
  }

  putObject(name: string, content: string): void {
    const file = path.join(this.bucket, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  object(name: string): string | null {
    const file = path.join(this.bucket, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  /** One line for each: `metadata ADDRESS PATH`, `storage METHOD URL`. */
  requests(): readonly string[] {
    return readFileSync(path.join(this.#folder, 'requests.log'), 'utf8').trimEnd().split('\n');
  }

  /** The machine's token; what must be in no log and no command line. */
  get token(): string {
    return readFileSync(path.join(this.#folder, 'token'), 'utf8').trim();
  }

  async startVm(hostname: string, options: Partial<VmOptions> = {}): Promise<Vm> {
    const vm = await startVm({
      ...NO_VM_OPTIONS,
      dns: ['169.254.169.254'],
      routes: [`169.254.169.254/32 via ${this.#address}`],
      ...options,
      name: `${this.#name}-${hostname}`,
      hostname,
      network: this.#name,
      mounts: [`${this.#folder}/root.pem:/usr/local/share/ca-certificates/vm.crt:ro`, ...(options.mounts ?? [])],
      labels: { [LABEL]: this.#name, ...options.labels },
    });
    this.#vms.push(vm);
    return vm;
  }

  /** A machine that is somewhere else: no metadata server, no names. */
  async startPlainVm(hostname: string): Promise<Vm> {
    return this.startVm(hostname, { dns: ['127.0.0.1'], routes: [] });
  }

  async stop(): Promise<void> {
    await removeLeft(this.#name);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    mkdirSync(this.bucket);
    writeFileSync(path.join(this.#folder, 'token'), `ya29.${randomBytes(24).toString('base64url')}`, { mode: 0o600 });
    writeFileSync(path.join(this.#folder, 'requests.log'), '');
    this.setMetadata({});
    await dockerOutput(['network', 'create', '--label', `${LABEL}=${this.#name}`, this.#name]);
    const form = '{{(index .IPAM.Config 0).Gateway}}';
    this.#gateway = (await dockerOutput(['network', 'inspect', '--format', form, this.#name])).trim();
    makeCertificate(this.#folder, 'the cloud', `DNS:*.googleapis.com,IP:${this.#gateway}`);
    const program = path.join(import.meta.dirname, 'small-cloud-server.ts');
    const run = `ip addr add 169.254.169.254/32 dev lo && exec node --import=tsx ${program} /cloud`;
    await dockerOutput([
      ...['run', '--detach', '--name', `${this.#name}-cloud`, '--label', `${LABEL}=${this.#name}`],
      ...['--network', this.#name, '--cap-add', 'NET_ADMIN', '--user', '0'],
      ...['--volume', `${REPOSITORY}:${REPOSITORY}:ro`, '--workdir', REPOSITORY, '--volume', `${this.#folder}:/cloud`],
      ...[NODE_IMAGE, 'sh', '-c', run],
    ]);
    this.#address = await existingVm(`${this.#name}-cloud`).address();
  }
}

/** `root.pem`, `cert.pem` and `key.pem` in the folder. @param names as of openssl's subjectAltName */
export function makeCertificate(folder: string, subject: string, names: string): void {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '30',
    '-subj',
    '/CN=root of a test',
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
  );
  openssl('req', ...key, '-subj', `/CN=${subject}`, '-keyout', 'key.pem', '-out', 'request.pem');
  writeFileSync(path.join(folder, 'names'), `subjectAltName=${names}\n`);
  const signing = ['-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-days', '30', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'request.pem', ...signing, '-out', 'cert.pem');
}

async function removeLeft(name: string): Promise<void> {
  const filter = ['--filter', `label=${LABEL}=${name}`];
  const containers = (await dockerOutput(['ps', '--all', '--quiet', ...filter])).split('\n').filter(Boolean);
  if (containers.length > 0) await docker(['rm', '--force', '--volumes', ...containers]);
  const networks = (await dockerOutput(['network', 'ls', '--quiet', ...filter])).split('\n').filter(Boolean);
  if (networks.length > 0) await docker(['network', 'rm', ...networks]);
}
