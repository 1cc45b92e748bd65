/**
 * Builds the ingress of a host from its options. What it opens: two sockets on loopback (DNS) and one in its folder
 * (hold). Caddy itself is started by `run`, or by the first `configure`.
 */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { HostId } from '../../fleet/ids.ts';
import type { Clock } from '../clock.ts';
import type { ProxyContainers } from '../engine/proxy-containers.ts';
import type { FoundProblem } from '../host-problems.ts';
import { caddyConfig } from './caddy-config.ts';
import { CaddyIngress } from './caddy-ingress.ts';
import { CaddyRunner } from './caddy-runner.ts';
import { contentHash } from './content-hash.ts';
import { DnsAnswerer } from './dns-answerer.ts';
import { EpochFiles } from './epoch-files.ts';
import { HoldListener } from './hold-listener.ts';
import { hostsFile } from './hosts-file.ts';
import { openIngressFiles, type IngressFiles } from './ingress-files.ts';
import { askIngress, outsideAddress } from './own-address.ts';
import { readOwnCertificates } from './own-certificates.ts';
import type { ProxyOptions } from './proxy-options.ts';
import type { Listener } from './taken-port.ts';

export interface IngressOptions {
  readonly host: HostId;
  /** Folder of the ingress in the agent's data directory; the engine must see it under the same path. */
  readonly folder: string;
  readonly containers: ProxyContainers;
  readonly clock: Clock;
  readonly random: () => number;
  /** In order of preference. */
  readonly images?: readonly string[];
  readonly httpPort: number | null;
  readonly httpsPort: number | null;
  readonly bindAddresses?: readonly string[];
  readonly healthListen?: string | null;
  readonly acmeEmail?: string | null;
  readonly acmeDirectory?: string | null;
  /** Folder with own certificates and keys (PEM). */
  readonly certificates?: string | null;
  /** All that is wrong with own certificates, whenever they were read. */
  readonly onCertificates?: (found: readonly FoundProblem[]) => void;
  /** How often the running proxy is looked at. */
  readonly watchMs?: number;
  readonly trustedProxies?: readonly string[];
  /** The agent's, for the labels of what is made. */
  readonly dataDir?: string;
  /** `uid:gid` for the container; the agent's own where it is not root. */
  readonly user?: string | null;
  /** How long requests wait for a group that has just lost its last address. */
  readonly holdMs?: number;
  /** How long the proxy may finish requests when it is itself replaced. */
  readonly graceMs?: number;
}

/** The public one, or the one that is made where no public registry can be reached. */
export const DEFAULT_IMAGES = ['docker.io/library/caddy:2', 'longshore.local/base/caddy:2'] as const;

const HOLD_MS = 5_000;
const GRACE_MS = 10_000;
const MOST_HELD = 2_000;
const WATCH_MS = 10_000;

/** @throws PORT_IN_USE, CONFIG_INVALID */
export async function createIngress(options: IngressOptions): Promise<CaddyIngress> {
  const files = await openIngressFiles(options.folder);
  const answerer = await listenOnKeptPort(files);
  const proxy = proxyOptions(options, answerer.port);
  const readHosts = (): Promise<string> => readFile('/etc/hosts', 'utf8').catch(() => '127.0.0.1 localhost\n');
  await writeFirstFiles(files, proxy, readHosts);

  const runner = new CaddyRunner({
    host: options.host,
    dataDir: options.dataDir ?? null,
    containers: options.containers,
    files,
    clock: options.clock,
    images: options.images ?? DEFAULT_IMAGES,
    user: options.user === undefined ? ownUser() : options.user,
    listeners: listenersOf(proxy),
    graceMs: options.graceMs ?? GRACE_MS,
  });
  const ingress = new CaddyIngress({
    runner,
    files,
    answerer,
    epochs: await EpochFiles.open(files.epochs),
    clock: options.clock,
    random: options.random,
    proxy,
    holdMs: options.holdMs ?? HOLD_MS,
    readHosts,
    remembered: await files.readState(),
    watchMs: options.watchMs ?? WATCH_MS,
    readCertificates: certificatesReader(options, files),
    askItself: selfAsker(proxy),
  });
  ingress.attach(
    await HoldListener.listen({
      socketPath: files.holdSocket,
      stateOf: (key) => ingress.stateOf(key),
      most: MOST_HELD,
    }),
  );
  return ingress;
}

/** Caddy must be able to write and the agent to connect, so an agent that is not root runs it as itself. */
function ownUser(): string | null {
  const { uid, gid } = userInfo();
  return uid <= 0 ? null : `${uid}:${gid}`;
}

/** The port stands in Caddy's configuration: another one costs a reload, so the old one is taken while it is free. */
async function listenOnKeptPort(files: IngressFiles): Promise<DnsAnswerer> {
  const kept = await files.readPort();
  const answerer = await DnsAnswerer.listen(kept).catch((error: unknown) => {
    if (kept === 0) throw error;
    return DnsAnswerer.listen(0);
  });
  if (answerer.port !== kept) await files.writePort(answerer.port);
  return answerer;
}

/** Caddy needs a configuration and a hosts file before the agent has anything to say. */
async function writeFirstFiles(
  files: IngressFiles,
  proxy: ProxyOptions,
  readHosts: () => Promise<string>,
): Promise<void> {
  if ((await files.readConfig()) === null) {
    await files.writeConfig(JSON.stringify(caddyConfig([], proxy, new Set())));
    await files.writeHosts(hostsFile(await readHosts(), { states: new Map(), answers: new Map() }));
  }
}

function proxyOptions(options: IngressOptions, dnsPort: number): ProxyOptions {
  return {
    // Not the id itself, which is nobody's business outside.
    identity: contentHash(`ingress of ${options.host}`),
    bindAddresses: options.bindAddresses ?? [],
    httpPort: options.httpPort,
    httpsPort: options.httpsPort,
    healthListen: options.healthListen ?? null,
    acmeEmail: options.acmeEmail ?? null,
    acmeDirectory: options.acmeDirectory ?? null,
    ownCertificates: (options.certificates ?? null) !== null,
    trustedProxies: options.trustedProxies ?? [],
    dnsPort,
  };
}

function certificatesReader(
  { certificates = null, onCertificates, clock }: IngressOptions,
  files: IngressFiles,
): () => Promise<readonly string[]> {
  if (certificates === null) return () => Promise.resolve([]);
  return async () => {
    const { copies, found } = await readOwnCertificates(certificates, files.certificates, clock.now().wallMs);
    onCertificates?.(found);
    return copies;
  };
}

function selfAsker({ httpPort, bindAddresses, identity }: ProxyOptions): () => Promise<string | null> {
  if (httpPort === null) return () => Promise.resolve(null);
  return async () => {
    const addresses = bindAddresses.length === 0 ? [await outsideAddress()] : bindAddresses;
    const answers = await Promise.all(addresses.map((address) => askIngress(address, httpPort, identity)));
    return answers.find((answer) => answer !== null) ?? null;
  };
}

function listenersOf(proxy: ProxyOptions): readonly Listener[] {
  const addresses = proxy.bindAddresses.length === 0 ? [null] : proxy.bindAddresses;
  const ports = [proxy.httpPort, proxy.httpsPort].filter((port) => port !== null);
  return addresses.flatMap((address) => ports.map((port) => ({ address, port })));
}
