/**
 * Second half of the composition: what can be built only once the host has its id. `main.ts` gives what it read from
 * the process; nothing here looks at the environment.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Problem } from '../fleet/errors.ts';
import { policyProblem, type HostPolicy } from '../fleet/host-policy.ts';
import type { InstanceId } from '../fleet/ids.ts';
import type { AppReport, HostProblem } from '../fleet/report.ts';
import type { AgentConfig, IngressConfig } from './config.ts';
import type { Clock } from './clock.ts';
import type { EnrolledAgentParts, Reconciling } from './enrolled-agent.ts';
import type { EnrolledWiring } from './agent.ts';
import type { EngineDescription } from './engine/container-engine.ts';
import { dockerConfigCredentials } from './engine/docker-config-file.ts';
import { DockerodeEngine } from './engine/dockerode-engine.ts';
import { dockerodeProxyContainers } from './engine/dockerode-proxy-containers.ts';
import { EngineClient } from './engine/engine-client.ts';
import { firstCredential, type CredentialSource } from './engine/registry-auth.ts';
import { digestResolver } from './engine/resolve-digest.ts';
import { freeBytesAt } from './engine/space-check.ts';
import { HostProblems } from './host-problems.ts';
import { othersHere } from './identity/find-former.ts';
import { describeFormer } from './identity/former-hosts.ts';
import { signText, type Enrolled, type Identity } from './identity/identity.ts';
import type { CaddyIngress } from './ingress/caddy-ingress.ts';
import type { Log } from './log.ts';
import { OfflineUpdates } from './offline/offline-updates.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { EventQueue } from './report/event-queue.ts';
import { failingLine, weighed, withHostProblems } from './report/with-host-problems.ts';
import { AppFilesOnDisk } from './secrets/app-files-on-disk.ts';
import { heldMask } from './secrets/held-mask.ts';
import { SealedStore } from './secrets/sealed-store.ts';
import { dialWebSocket } from './session/frame-socket.ts';
import { StreamServer } from './streams/stream-server.ts';
import { isEncrypted, trustedRoots } from './trust.ts';

const LOOK_MS = 20_000;

export interface ProcessFacts {
  readonly version: string;
  readonly platform: string;
  /** Random per process. */
  readonly processId: string;
  /** The agent user's `docker login`. */
  readonly dockerConfigFile: string;
  /** Which boot of the machine this is; null where it does not say. */
  readonly boot: string | null;
  readonly newInstanceId: () => InstanceId;
  readonly faultPoint: (name: string) => void;
}

export interface BuildContext {
  readonly config: AgentConfig;
  readonly facts: ProcessFacts;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** @throws STATE_FILE_INVALID, CONFIG_INVALID, PORT_IN_USE */
export async function buildEnrolled(
  context: BuildContext,
  identity: Identity,
  enrolled: Enrolled,
  engineDescription: EngineDescription,
  wiring: EnrolledWiring,
): Promise<EnrolledAgentParts> {
  const { config, facts, clock, random, log } = context;
  const { host } = enrolled;
  const policy = policyOf(config, engineDescription);
  const events = new EventQueue(clock);
  const onEvent: EventQueue['add'] = (event, app, text) => {
    log.info(text, { event, app });
    events.add(event, app, text);
  };
  const { store: secrets, damage } = await SealedStore.load(config.dataDir, host, identity.sealingKey);
  if (damage !== null) onEvent('STATE_FILE_INVALID', null, damage);
  await tellOthers(context, host, onEvent);
  const credentials = firstCredential([
    ofCoordinator(secrets),
    dockerConfigCredentials(facts.dockerConfigFile),
    ...(config.identity === 'google' ? [await ofMachine(clock)] : []),
  ]);
  const engine = new DockerodeEngine({
    socketPath: config.dockerSocket,
    host,
    dataDir: config.dataDir,
    credentials,
    clock,
    freeBytes: freeBytesAt,
    sharedVolumes: config.policy.sharedVolumes,
  });
  const hostProblems = new HostProblems({
    log,
    onEvent: (event, text) => events.add(event, null, text),
    onChange: () => wiring.onReport(),
  });
  const ingress = config.ingress === null ? null : await buildIngress(context, enrolled, config.ingress, hostProblems);
  const resolveDigest = digestResolver(config.dockerSocket, credentials);
  const stateDir = path.join(config.dataDir, 'state');
  const offline = await OfflineUpdates.load({ stateDir, clock, resolveDigest, onEvent });
  const reviewed = async (reports: Readonly<Record<string, AppReport>>): Promise<void> => {
    try {
      if (await offline.review(reconciler.assignment(), reports)) reconciler.wake();
    } catch (error) {
      onEvent('STATE_FILE_INVALID', null, error instanceof Error ? error.message : String(error));
    }
  };
  const reconciler = await Reconciler.open({
    engine,
    ingress,
    files: new AppFilesOnDisk(config.dataDir, secrets),
    stateDir,
    host,
    subnetPool: config.subnetPool,
    clock,
    cores: availableParallelism(),
    random,
    newInstanceId: facts.newInstanceId,
    mask: heldMask(secrets),
    policy: (entry): Problem | null => policyProblem(policy, entry),
    log,
    onReport: (reports) => {
      wiring.onReport();
      void reviewed(reports);
    },
    effective: (assignment) => offline.effective(assignment),
    onEvent,
    faultPoint: facts.faultPoint,
  });
  return {
    ...wiring,
    session: {
      identity: {
        host,
        process: facts.processId,
        audiences: config.coordinators,
        sign: (text) => signText(identity.signingKey, text),
      },
      // A store of certificates costs memory for nothing where no certificate is ever shown.
      ca: isEncrypted(config.coordinators) ? await trustedRoots(config.caFile) : undefined,
      userAgent: `longshore-agent/${facts.version}`,
      dial: dialWebSocket,
      clock,
      random,
      log,
    },
    hello: {
      agentVersion: facts.version,
      platform: facts.platform,
      labels: config.labels,
      boot: facts.boot,
      policy,
      ingress: config.ingress === null ? null : { http: config.ingress.httpPort, https: config.ingress.httpsPort },
    },
    engine,
    engineDescription,
    reconciler: asReported(reconciler, offline, hostProblems),
    ingress,
    hostProblems,
    secrets,
    streams: new StreamServer({ engine, clock, allowExec: config.policy.exec }),
    resolveDigest,
    events,
    updateAlone: async (app, signal) => {
      const entry = reconciler.assignment()?.entries.find((each) => each.app === app);
      if (entry?.kind === 'run' && (await offline.update(entry, signal))) reconciler.wake();
    },
    clock,
    random,
    log,
  };
}

function policyOf({ policy, dockerSocket, dataDir }: AgentConfig, { rootDir }: EngineDescription): HostPolicy {
  return {
    privileged: policy.privileged,
    hostNetwork: policy.hostNetwork,
    dockerSocket: policy.dockerSocket,
    guarded: { dockerSocket, dataDir, engineRoot: rootDir },
  };
}

/** An agent that was let in beside a former identity of this machine, before it looked for one, goes on and says so. */
async function tellOthers({ config }: BuildContext, host: Enrolled['host'], onEvent: EventQueue['add']): Promise<void> {
  if (config.adopt === 'no') return;
  try {
    for (const other of await othersHere(config, host, AbortSignal.timeout(LOOK_MS)))
      onEvent(
        'former-host',
        null,
        `this machine also holds what it left as host ${describeFormer(other)}, and nothing updates that: \`longshore-agent re-enrol --host ${other.host}\` makes it that host again, \`adopt: no\` in agent.yaml leaves it alone`,
      );
  } catch (error) {
    onEvent('former-host', null, `look for a former host: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The reconciler, whose reports say also what the host keeps of its own and what is wrong with the host itself. */
function asReported(reconciler: Reconciler, offline: OfflineUpdates, hostProblems: HostProblems): Reconciling {
  const problems = (): readonly HostProblem[] => weighed(hostProblems.list(), reconciler.assignment());
  return {
    assign: (assignment, hash) => reconciler.assign(assignment, hash),
    run: (signal) => reconciler.run(signal),
    wake: () => reconciler.wake(),
    reports: () => withHostProblems(offline.withProposals(reconciler.reports()), problems(), reconciler.assignment()),
    assignment: () => reconciler.assignment(),
    currentOrder: () => reconciler.currentOrder(),
    lastTurnAtMs: () => reconciler.lastTurnAtMs(),
    isConverged: () => reconciler.isConverged() && failingLine(problems()) === null,
    waiting: () => reconciler.waiting() ?? failingLine(problems()),
    problems,
  };
}

/** Caddy and its name answerer are loaded only on hosts that have an ingress. */
async function buildIngress(
  context: BuildContext,
  { host }: Enrolled,
  ingress: IngressConfig,
  hostProblems: HostProblems,
): Promise<CaddyIngress> {
  const { config, clock, random } = context;
  hostProblems.set('ingress', [{ failing: true, text: 'the ingress is starting', quiet: true }]);
  const { createIngress } = await import('./ingress/create-ingress.ts');
  return await createIngress({
    host,
    dataDir: config.dataDir,
    folder: path.join(config.dataDir, 'ingress'),
    containers: dockerodeProxyContainers(new EngineClient(config.dockerSocket), host),
    clock,
    random,
    ...(ingress.image === null ? {} : { images: [ingress.image] }),
    httpPort: ingress.httpPort,
    httpsPort: ingress.httpsPort,
    bindAddresses: ingress.bind,
    healthListen: ingress.healthListen,
    acmeEmail: ingress.acmeEmail,
    acmeDirectory: ingress.acmeDirectory,
    certificates: ingress.certificates,
    onCertificates: (found) => hostProblems.set('certificates', found),
    trustedProxies: ingress.trustedProxies,
  });
}

/** Google's part is loaded only on hosts that are its machines. */
async function ofMachine(clock: Clock): Promise<CredentialSource> {
  const [{ googleRegistryCredentials }, { metadataServer }] = await Promise.all([
    import('./google/registry-credentials.ts'),
    import('./google/metadata-server.ts'),
  ]);
  return googleRegistryCredentials(metadataServer(), clock);
}

function ofCoordinator(secrets: SealedStore): CredentialSource {
  return (registry) => {
    const credential = secrets.registryCredential(registry);
    return Promise.resolve(credential === null ? null : { ...credential, identityToken: null });
  };
}
