/**
 * Keeps one container of Caddy running: makes it where there is none, adopts the one that fits, and replaces one that
 * does not (another image or folder) by starting the new one beside it on the same ports (SO_REUSEPORT) before the
 * old one stops. A deployment never comes here.
 */
import { mkdir } from 'node:fs/promises';
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { Clock } from '../clock.ts';
import type { ProxyContainer, ProxyContainers, ProxyPlan } from '../engine/proxy-containers.ts';
import { caddyAdmin, type CaddyAdmin } from './caddy-admin.ts';
import { caddyContainer } from './caddy-container.ts';
import type { IngressFiles } from './ingress-files.ts';
import { takenPort, type Listener } from './taken-port.ts';

export interface CaddyRunnerOptions {
  readonly host: HostId;
  readonly containers: ProxyContainers;
  readonly files: IngressFiles;
  /** The agent's, for the labels of what is made; null = not known. */
  readonly dataDir: string | null;
  readonly clock: Clock;
  /** In order of preference; the first that is there or can be pulled. */
  readonly images: readonly string[];
  readonly user: string | null;
  readonly listeners: readonly Listener[];
  readonly graceMs: number;
}

export interface RunningCaddy {
  readonly engineId: string;
  readonly hash: string;
  readonly admin: CaddyAdmin;
}

const READY_WITHIN_MS = 15_000;
const READY_POLL_MS = 20;

export class CaddyRunner {
  readonly #options: CaddyRunnerOptions;
  #image: string | null = null;
  #current: RunningCaddy | null = null;
  #ensuring: Promise<RunningCaddy> | null = null;

  constructor(options: CaddyRunnerOptions) {
    this.#options = options;
  }

  get current(): RunningCaddy | null {
    return this.#current;
  }

  /** One that runs, answers, and is as it must be. Calls at the same time share the work. */
  ensure(signal: AbortSignal): Promise<RunningCaddy> {
    this.#ensuring ??= this.#ensure(signal).finally(() => {
      this.#ensuring = null;
    });
    return this.#ensuring;
  }

  /** Resolves when the current one ended (or the signal aborts). */
  async untilStopped(signal: AbortSignal): Promise<void> {
    const current = this.#current;
    if (current === null) return;
    await this.#options.containers.waitStopped(current.engineId, signal);
    if (!signal.aborted && this.#current === current) this.#current = null;
  }

  /** Ends those that were replaced: they finish their requests within the grace time. */
  async retireOthers(): Promise<void> {
    const current = this.#current;
    if (current === null) return;
    const { containers, files, graceMs } = this.#options;
    const others = (await containers.list()).filter(({ engineId }) => engineId !== current.engineId);
    await Promise.all(others.map(({ engineId }) => containers.remove(engineId, graceMs)));
    await files.pruneRunFolders([current.hash]);
  }

  async #ensure(signal: AbortSignal): Promise<RunningCaddy> {
    const { containers, files } = this.#options;
    this.#image ??= await containers.ensureImage(this.#options.images, signal);
    const plan = this.#plan(this.#image);
    const found = await containers.list();
    const sameHash = found.find(({ hash }) => hash === plan.hash);
    // Where the agent's data was lost, a proxy that ran on has its socket and its configuration in folders that are gone.
    const hasLostFiles = sameHash?.running === true && !(await files.hasRunFolder(plan.hash));
    const fitting = hasLostFiles ? undefined : sameHash;
    const engineId =
      fitting === undefined ? await this.#startNew(plan, found) : await this.#startAgain(plan, found, fitting);

    const admin = caddyAdmin(files.adminSocket(plan.hash));
    await this.#untilReady(engineId, admin, signal);
    this.#current = { engineId, hash: plan.hash, admin };
    return this.#current;
  }

  async #startNew(plan: ProxyPlan, found: readonly ProxyContainer[]): Promise<string> {
    const engineId = await this.#create(plan, found);
    await this.#options.containers.start(engineId);
    return engineId;
  }

  /** An engine that ended in the middle of its work can refuse a container for ever ("task already exists"): a new one works. */
  async #startAgain(plan: ProxyPlan, found: readonly ProxyContainer[], ended: ProxyContainer): Promise<string> {
    const { engineId, running } = ended;
    const { containers } = this.#options;
    if (running) return engineId;
    try {
      await containers.start(engineId);
      return engineId;
    } catch (error) {
      if (!(error instanceof LongshoreError) || error.code === 'ENGINE_UNAVAILABLE') throw error;
      await containers.remove(engineId, 0);
      return this.#startNew(
        plan,
        found.filter((each) => each !== ended),
      );
    }
  }

  async #create(plan: ProxyPlan, found: readonly ProxyContainer[]): Promise<string> {
    const { containers, files, listeners } = this.#options;
    if (!found.some(({ running }) => running)) {
      // Two proxies of different owners would share the port, each taking a part of the requests, without any error.
      const taken = await takenPort(listeners);
      if (taken !== null) {
        throw portTaken(taken);
      }
    }
    await mkdir(files.runFolder(plan.hash), { recursive: true, mode: 0o700 });
    const before = found.find(({ name }) => name === plan.name);
    if (before !== undefined) await containers.rename(before.engineId, `${plan.name}-${before.engineId.slice(0, 6)}`);
    return containers.create(plan);
  }

  #plan(image: string): ProxyPlan {
    const { host, dataDir, files, user, graceMs } = this.#options;
    const { shared, hosts, storage } = files;
    return caddyContainer({
      host,
      dataDir,
      image,
      user,
      shared,
      hosts,
      storage,
      graceMs,
      runFolderOf: (hash) => files.runFolder(hash),
    });
  }

  async #untilReady(engineId: string, admin: CaddyAdmin, signal: AbortSignal): Promise<void> {
    const { clock, containers } = this.#options;
    const deadlineMs = clock.now().monotonicMs + READY_WITHIN_MS;
    while (!(await admin.isReady())) {
      signal.throwIfAborted();
      if (clock.now().monotonicMs > deadlineMs) {
        throw notReady(await containers.lastOutput(engineId));
      }
      await clock.sleep(READY_POLL_MS, signal);
    }
  }
}

function portTaken(place: string): LongshoreError {
  return new LongshoreError('PORT_IN_USE', `start the ingress: ${place} is taken by another program`, {
    hint: 'Free the port, or set ingress.http_port and ingress.https_port of this agent.',
  });
}

function notReady(output: string): LongshoreError {
  const message = `start the ingress: Caddy is not ready after ${READY_WITHIN_MS} ms: ${output}`;
  if (output.includes('address already in use')) {
    const [, address] = /listen tcp[46]? (\S+): bind: address already in use/.exec(output) ?? [];
    return address === undefined
      ? new LongshoreError('PORT_IN_USE', message)
      : portTaken(`${address.startsWith(':') ? 'port ' : ''}${address.replace(/^:/, '')}`);
  }
  if (output.includes('bind: permission denied')) {
    return new LongshoreError('INGRESS_UNAVAILABLE', message, {
      hint: 'An agent that is not root cannot open ports below 1024: set ingress.http_port and ingress.https_port.',
    });
  }
  return new LongshoreError('INGRESS_UNAVAILABLE', message);
}
