/**
 * A coordinator's moving half for tests: real store, real hub on a real port, real rollouts; no API above it. Hosts are
 * enrolled straight in the store, deployments made straight in the store. Everything ends with `close`.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasEnded } from '../../fleet/deployment.ts';
import type { Cause } from '../../fleet/release.ts';
import type { Deployment, DeploymentState } from '../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { AppName, DeploymentId, HostId } from '../../fleet/ids.ts';
import { audienceOf } from '../../protocol/audience.ts';
import { clientAddress } from '../../coordinator/http/client-address.ts';
import { Hub } from '../../coordinator/hub/hub.ts';
import type { HubLog } from '../../coordinator/hub/hub-log.ts';
import type { HubOptions } from '../../coordinator/hub/hub-options.ts';
import { Rollouts } from '../../coordinator/rollout/rollouts.ts';
import type { HostRow, NewHost, Placement } from '../../coordinator/store/records.ts';
import { openSqliteStore } from '../../coordinator/store/sqlite-store.ts';
import type { Store } from '../../coordinator/store/store.ts';
import { anAppSpec, specHash } from './app-builders.ts';
import { FakeAgent } from './fake-agent.ts';
import type { FakeAgentOptions } from './fake-agent.ts';
import { fakeIdentity } from './fake-identity.ts';
import type { FakeIdentity } from './fake-identity.ts';

export interface EnrolledHost {
  readonly row: HostRow;
  readonly identity: FakeIdentity;
}

export interface HubWorldOptions {
  readonly directory?: string;
  readonly hub?: Partial<HubOptions>;
}

const LOOK_AGAIN_MS = 20;
const quiet: HubLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export class HubWorld {
  readonly directory: string;
  readonly store: Store;
  readonly server: Server;
  readonly url: string;
  readonly hub: Hub;
  readonly rollouts: Rollouts;
  readonly due: { readonly host: HostId; readonly app: AppName }[] = [];
  readonly faults: unknown[] = [];
  readonly #agents: FakeAgent[] = [];
  #waiters: (() => void)[] = [];
  #last = new Map<DeploymentId, Deployment>();

  private constructor(directory: string, store: Store, server: Server, port: number, options: HubWorldOptions) {
    this.directory = directory;
    this.store = store;
    this.server = server;
    this.url = `ws://127.0.0.1:${port}`;
    const observer: HubOptions['observer'] = {
      reported: (_host, apps) => {
        this.rollouts.reported(apps);
        this.#wake();
      },
      refused: (_host, apps) => {
        this.rollouts.reported(apps);
        this.#wake();
      },
      connectionChanged: (host) => {
        this.rollouts.connectionChanged(host);
        this.#wake();
      },
      problemsChanged: () => this.#wake(),
      touched: () => this.#wake(),
      placementChanged: () => this.rollouts.fleetChanged(),
      due: (host, app) => {
        this.due.push({ host, app });
        this.#wake();
      },
    };
    this.hub = new Hub({
      store,
      sealed: {
        secrets: async () => ({ items: [], missing: [] }),
        registryCredentials: async () => ({ needed: [], items: [] }),
      },
      observer,
      metrics: { frame: () => undefined, refused: () => undefined, eventDropped: () => undefined },
      door: { addressOf: clientAddress([]), waitMs: () => 0, turnedAway: () => undefined },
      log: quiet,
      coordinator: 'test',
      version: '0.0.0-test',
      audiences: [audienceOf(this.url) ?? this.url],
      enrolledHosts: 0,
      now: Date.now,
      random: Math.random,
      makeNonce: () => randomBytes(24).toString('base64url'),
      ...options.hub,
    });
    this.rollouts = new Rollouts({
      imageVolumes: () => Promise.resolve([]),
      store,
      live: (host) => this.hub.live(host),
      assignmentsChanged: (hosts) => this.hub.assignmentsChanged(hosts),
      onChanged: (deployment) => {
        this.#last.set(deployment.id, deployment);
        this.#wake();
      },
      onEndedElsewhere: () => undefined,
      onFault: (error) => this.faults.push(error),
      owner: 'test',
      leaseMs: 30_000,
      startedAt: Date.now(),
      now: Date.now,
    });
  }

  static async open(options: HubWorldOptions = {}): Promise<HubWorld> {
    const directory = options.directory ?? mkdtempSync(path.join(tmpdir(), 'longshore-hub-'));
    const store = await openSqliteStore({
      file: path.join(directory, 'coordinator.db'),
      workerUrl: new URL('../../coordinator/store/sqlite-worker.ts', import.meta.url),
      onFault: () => undefined,
    });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const world = new HubWorld(directory, store, server, port, options);
    world.hub.attach(server);
    await world.rollouts.start();
    return world;
  }

  /** @param keep leaves the data for a second coordinator */
  async close(keep = false): Promise<void> {
    await this.rollouts.stop();
    await this.hub.stop();
    for (const agent of this.#agents) agent.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.store.close();
    if (!keep) rmSync(this.directory, { recursive: true, force: true });
  }

  async enroll(name: string): Promise<EnrolledHost> {
    const identity = fakeIdentity();
    const token = randomUUID();
    const tokenHash = createHash('sha256').update(token).digest('hex');
    const fields = {
      id: randomUUID(),
      kind: 'once',
      pool: null,
      labels: {},
      hash: tokenHash,
      createdAt: Date.now(),
      expiresAt: null,
    } as const;
    await this.store.insertEnrollToken({ token: fields, events: [] });
    const host: NewHost = {
      id: `h-${randomBytes(8).toString('hex')}` as HostId,
      name,
      publicKey: identity.publicKey,
      sealingKey: identity.sealingKey,
      labels: {},
      platform: 'linux/amd64',
    };
    const row = await this.store.enrollHost({ tokenHash, host, at: Date.now() });
    this.rollouts.fleetChanged();
    return { row, identity };
  }

  agent(host: EnrolledHost, options: Partial<FakeAgentOptions> = {}): FakeAgent {
    const agent = new FakeAgent({ url: this.url, host: host.row.id, identity: host.identity, ...options });
    this.#agents.push(agent);
    return agent;
  }

  /** Makes a release and its deployment on these hosts, one `web` on each. */
  async deploy(
    hosts: readonly EnrolledHost[],
    spec: Partial<AppSpec> = {},
    rolling: 'wait' | 'abort' = 'wait',
    cause: Cause = { kind: 'person', token: 'test', note: null },
  ): Promise<DeploymentSummary> {
    const whole = anAppSpec(spec);
    const known = await this.store.app({ app: whole.name });
    const placement = Object.fromEntries(hosts.map((host) => [host.row.id, { web: 1 }])) as Placement;
    const { deployment } = await this.store.createDeployment({
      app: whole.name,
      source: {
        kind: 'new',
        release: { spec: whole, hashes: { web: specHash('a') }, secretVersions: {}, cause, createdAt: Date.now() },
      },
      deployment: {
        id: `d-${randomBytes(8).toString('hex')}` as DeploymentId,
        kind: 'deploy',
        cause,
        createdAt: Date.now(),
        aborts: rolling === 'abort',
        placement,
      },
      expected: { succeeded: known?.succeeded ?? null, newest: known?.newest ?? null },
      releaseQuarantine: false,
      keepReleases: 10,
      events: [],
    });
    this.rollouts.enqueued(whole.name, []);
    return deployment;
  }

  /** Resolves with the deployment once it has ended, or is in one of these states. */
  async waitFor(id: DeploymentId, ...states: readonly DeploymentState[]): Promise<Deployment> {
    return this.until(async () => {
      const found = this.#last.get(id) ?? (await this.store.loadRollout({ id })).deployment;
      return (states.length === 0 ? hasEnded(found.state) : states.includes(found.state)) ? found : null;
    });
  }

  /**
   * Looks again whenever anything happened in the hub or a rollout, and every now and then: what the hub writes later
   * (its batches) wakes nobody.
   */
  async until<T>(look: () => Promise<T | null> | T | null): Promise<T> {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        const again = setTimeout(resolve, LOOK_AGAIN_MS);
        this.#waiters.push(() => {
          clearTimeout(again);
          resolve();
        });
      });
      const found = await look();
      if (found !== null) return found;
      await changed;
    }
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
