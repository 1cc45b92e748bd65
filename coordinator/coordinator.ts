/**
 * The coordinator's parts, put together, started and stopped in order. Agents and people are let in only when the store
 * is open and what was under way is taken up again; at the end the agents are told first and the store closes last.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { refuseUpgrade } from '../daemon/refuse-upgrade.ts';
import { AGENT_SOCKET_PATH, CONSOLE_SOCKET_PATH } from '../protocol/version.ts';
import { ChangeFeed } from './change-feed.ts';
import { Changes } from './changes.ts';
import { attachConsole } from './console/console-socket.ts';
import type { ConsoleSocket } from './console/console-socket.ts';
import type { CoordinatorOptions } from './coordinator-options.ts';
import type { ControlOptions } from './control/control-options.ts';
import { createCommands } from './control/create-commands.ts';
import { createViews } from './control/create-views.ts';
import { imageChecks } from './control/image-checks.ts';
import { explainHost } from './explain/explain-host.ts';
import { fleetObserver } from './fleet-observer.ts';
import { AddressRate } from './http/address-rate.ts';
import { AttemptLimit } from './http/attempt-limit.ts';
import { clientAddress } from './http/client-address.ts';
import { listenOn } from './http/listen.ts';
import { RememberedRequests } from './http/remembered-requests.ts';
import { watchTls } from './http/tls-files.ts';
import { createHttpServer } from './http/server.ts';
import type { HttpServer } from './http/server.ts';
import { AdoptionRequests } from './identity/adoption-requests.ts';
import { Hub } from './hub/hub.ts';
import { convergedHosts } from './metrics/converged-hosts.ts';
import { openImages } from './registry/open-images.ts';
import { resolvingHost } from './registry/resolving-host.ts';
import { Retention } from './retention/retention.ts';
import { Rollouts } from './rollout/rollouts.ts';
import { nodeTimers } from './rollout/timers.ts';
import { Proposals } from './schedule/proposals.ts';
import { DueChecks } from './schedule/due-checks.ts';
import { AppMasks } from './secrets/app-masks.ts';
import { hostSecrets } from './secrets/host-secrets.ts';
import { statusLine } from './systemd/status-line.ts';

const LEASE_MS = 30_000;
const TICK_MS = 1_000;
const TOUCH_MS = 5 * 60_000;
const REFUSALS_PER_MINUTE = 30;
/** Of one address, without a token: enough for a hundred machines behind one that come up together. */
const PUBLIC_CALLS_PER_MINUTE = 300;
/** A fleet behind one address has some agents that nobody knows any more; they come back every two minutes. */
const TURNED_AWAY_PER_MINUTE = 300;
/** The data directory is locked for one coordinator: whoever has it may go on with its leases at once. */
const OWNER = 'the coordinator of this data directory';

export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #hub: Hub;
  readonly #changes: Changes;
  readonly #rollouts: Rollouts;
  readonly #schedule: DueChecks;
  readonly #proposals: Proposals;
  readonly #retention: Retention;
  readonly #feed: ChangeFeed;
  readonly #http: HttpServer;
  readonly #console: ConsoleSocket;
  readonly #masks: AppMasks;
  readonly #timers: NodeJS.Timeout[] = [];
  #notReady: string | null = 'starting';

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    const { config, store, vault, metrics, log, now, monotonicMs, random, randomBytes, audiences, version } = options;
    const onFault = (error: unknown): void =>
      log.error({ err: error }, 'a part of the coordinator failed; it tries again');
    const changes = (this.#changes = new Changes(onFault));
    this.#masks = new AppMasks({ store, vault });
    const addressOf = clientAddress(config.trustedProxies);
    const turnedAway = new AddressRate({ perMinute: TURNED_AWAY_PER_MINUTE, monotonicMs });
    this.#hub = new Hub({
      store,
      mask: (message) => this.#masks.mask(message),
      sealed: hostSecrets({ store, vault, randomBytes, keyPair: () => generateKeyPairSync('x25519') }),
      observer: fleetObserver({
        rollouts: () => this.#rollouts,
        feed: () => this.#feed,
        schedule: () => this.#schedule,
        proposals: () => this.#proposals,
      }),
      metrics,
      door: {
        addressOf,
        waitMs: (address) => turnedAway.waitMs(address),
        turnedAway: (address) => void turnedAway.take(address),
      },
      log,
      coordinator: OWNER,
      version,
      audiences,
      enrolledHosts: options.enrolledHosts,
      now,
      random,
      makeNonce: () => randomBytes(24).toString('base64url'),
    });
    const hub = this.#hub;
    const adoptions = new AdoptionRequests(monotonicMs);
    const views = createViews({ store, hub, adoptions });
    this.#feed = new ChangeFeed({ changes, views, onFault });
    const images = openImages({
      ...options,
      onAsked: (result) => metrics.registryAsked(result),
      resolve: async (reference) => {
        const host = await resolvingHost(reference, { store, connectedHosts: () => hub.connectedHosts() });
        return host === null ? null : hub.resolve(host, reference);
      },
    });
    this.#rollouts = new Rollouts({
      store,
      live: (host) => hub.live(host),
      imageVolumes: async (...image) => (await images.facts(...image)).volumes,
      assignmentsChanged: (hosts) => hub.assignmentsChanged(hosts),
      onChanged: (deployment) => {
        metrics.deployment(deployment);
        this.#feed.deploymentChanged(deployment);
        this.#schedule.deploymentChanged(deployment);
      },
      onEndedElsewhere: (deployment) => metrics.deploymentEnded(deployment),
      onFault,
      owner: OWNER,
      leaseMs: LEASE_MS,
      startedAt: now(),
      now,
    });
    const control: ControlOptions = {
      store,
      hub,
      rollouts: this.#rollouts,
      changes,
      views,
      images,
      vault,
      masks: this.#masks,
      explain: (row) => explainHost(row, { store, hub, adoptions }),
      audiences,
      identities: options.google?.identities ?? null,
      adoptions,
      keepReleases: config.keepReleases,
      now,
      randomBytes,
      checks: options.checks,
      installer: options.installer,
      findings: () => options.google?.findings() ?? [],
    };
    const checks = imageChecks(control);
    this.#schedule = new DueChecks({ store, images: checks, now, timers: nodeTimers, random, onFault });
    this.#proposals = new Proposals({
      store,
      hub,
      images: checks,
      renew: (app, host) => this.#rollouts.renew(app, host),
      now,
      onFault,
    });
    this.#retention = new Retention({
      config: config.retention,
      store,
      onPruned: (pruned) => metrics.eventsPruned(pruned),
      onFault,
      now,
      monotonicMs,
      pause: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
    });
    const commands = createCommands(control, checks);
    const attempts = new AttemptLimit({
      perMinute: REFUSALS_PER_MINUTE,
      monotonicMs,
      onRefused: () => metrics.tokenRefused(),
    });
    this.#http = createHttpServer({
      commands,
      version,
      log,
      tls: options.tls,
      notReady: () => this.#notReady ?? store.obstacle(),
      renderMetrics: () => metrics.render(),
      onAnswered: (request) => metrics.http.observe(request),
      metricsAccess: config.metrics,
      webFiles: options.webFiles,
      installer: options.installer,
      attempts,
      requests: new RememberedRequests({ store, vault: options.vault, now }),
      addressOf,
      publicCalls: new AddressRate({ perMinute: PUBLIC_CALLS_PER_MINUTE, monotonicMs }),
    });
    hub.attach(this.#http.server);
    this.#console = attachConsole({
      server: this.#http.server,
      commands,
      version,
      wallMs: now,
      attempts,
      addressOf,
      log,
    });
    this.#http.server.on('upgrade', refuseOtherPaths);
    metrics.watch({
      connectedHosts: () => hub.connectedHosts().length,
      convergedHosts: () => convergedHosts(hub),
      enrolledHosts: () => this.#rollouts.knownHosts,
      openDeployments: () => store.countUnended(),
      consoleSessions: () => this.#console.sessions(),
      databaseBytes: () => store.databaseBytes(),
    });
    store.onAppended((events) => {
      this.#feed.appended(events);
      if (events.some(({ kind }) => kind === 'token.revoked')) this.#console.checkTokens();
    });
  }

  /** @returns the port bound */
  async start(): Promise<number> {
    const { log } = this.#options;
    // Before the first agent speaks.
    await this.#masks.refresh(null);
    await this.#rollouts.start();
    this.#timers.push(
      setInterval(() => this.#hub.tick(), TICK_MS),
      setInterval(() => {
        this.#hub
          .touch()
          .catch((error: unknown) => log.error({ err: error }, 'the times of hosts could not be written; later again'));
      }, TOUCH_MS),
    );
    const { config, tls } = this.#options;
    if (config.tls !== null && tls !== null) this.#timers.push(watchTls(config.tls, tls, this.#http, log));
    const port = await listenOn(this.#http, this.#options.config.listen);
    // A connection that cannot be taken (no file handles are left) is no reason to end.
    this.#http.server.on('error', (error) => log.warn({ err: error }, 'a connection could not be taken'));
    this.#watchGoogle();
    this.#retention.start();
    this.#notReady = null;
    return port;
  }

  #watchGoogle(): void {
    const { google, log } = this.#options;
    google?.watch({
      hostRemoved: (host) => {
        this.#hub.hostRemoved(host);
        this.#changes.publish({ kind: 'host-gone', host });
        this.#rollouts.fleetChanged();
      },
      hostsLabelled: (hosts) => {
        for (const host of hosts) this.#feed.hostChanged(host);
        this.#rollouts.fleetChanged();
      },
      onFault: (error) => log.warn({ err: error }, 'a look at Google Cloud failed; it is tried again in a while'),
    });
  }

  /** For systemd. */
  statusLine(): string {
    return statusLine({
      notReady: this.#notReady ?? this.#options.store.obstacle(),
      connectedHosts: this.#hub.connectedHosts().length,
      enrolledHosts: this.#rollouts.knownHosts,
    });
  }

  async stop(): Promise<void> {
    this.#notReady = 'stopping';
    for (const timer of this.#timers) clearInterval(timer);
    this.#console.close();
    await this.#options.google?.stop();
    await this.#retention.stop();
    // Before the hub: sessions that end because we stop are no hosts that went away.
    await this.#rollouts.stop();
    await this.#hub.stop();
    await this.#schedule.stop();
    await this.#proposals.stop();
    this.#feed.stop();
    await this.#http.close();
    await this.#options.store.close();
  }
}

function refuseOtherPaths(request: IncomingMessage, socket: Duplex): void {
  const path = (request.url ?? '').split('?')[0];
  if (path === AGENT_SOCKET_PATH || path === CONSOLE_SOCKET_PATH) return;
  refuseUpgrade(socket, '404 Not Found');
}
