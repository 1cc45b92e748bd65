/**
 * The coordinator's process: reads arguments and environment once, builds everything, and turns the end into an exit
 * code. The first SIGTERM or SIGINT ends it cleanly; what is under way goes on at the next start. The second ends it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { lockDataDir } from '../daemon/data-dir-lock.ts';
import { createNotifier } from '../daemon/notifier.ts';
import { ERRORS, LongshoreError } from '../fleet/errors.ts';
import { VERSION } from '../protocol/product-version.ts';
import { besideMain, installer, webFiles } from './beside-program.ts';
import { loopbackAudiences, parseCoordinatorConfig } from './config.ts';
import type { CoordinatorConfig } from './config.ts';
import { readConfigFile } from './config/read-config-file.ts';
import { settingsOfEnvironment, settingsOfFlags } from './config/settings.ts';
import { renderProblem, usage } from './config/usage.ts';
import type { DoctorCheck } from './control/control-options.ts';
import { diskFinding } from './control/disk-finding.ts';
import { Coordinator } from './coordinator.ts';
import { freePort } from './free-port.ts';
import { databaseSource } from './database-source.ts';
import type { GoogleCloud } from './google/google-cloud.ts';
import { openGoogle } from './google/open-google.ts';
import { systemRoots } from '../daemon/system-roots.ts';
import { certificateChecks } from './http/certificate-finding.ts';
import { readTls } from './http/tls-files.ts';
import type { TlsPair } from './http/tls-files.ts';
import { adminTokenArguments, renderReset, resetBy } from './identity/admin-token-command.ts';
import { ensureFirstAdmin } from './identity/first-admin.ts';
import { logOutput } from './log-output.ts';
import type { MachineVerb } from './machine/change-machine.ts';
import { CoordinatorMetrics } from './metrics/coordinator-metrics.ts';
import { timedStore } from './metrics/timed-store.ts';
import { openStore } from './open-store.ts';
import { resetAdminToken } from './reset-admin-token.ts';
import { fetchWithRoots } from './registry/fetch-with-roots.ts';
import { readOrMakeKey } from './secrets/key-file.ts';
import { noteKey } from './secrets/key-loss.ts';
import { makeVault } from './secrets/vault.ts';
import { endSignal } from './signals.ts';
import type { Ending } from './signals.ts';
import { hasBegun, openOrStandBy, requireSharedKey, standbyFinding } from './standby.ts';
import type { Store } from './store/store.ts';
import { SystemdService } from './systemd/systemd-service.ts';
import { StoreCheck } from './systemd/store-check.ts';

const GOOGLE_TIMEOUT_MS = 20_000;

/** Of every store that is opened here. */
const opening = {
  workerUrl: besideMain('sqlite-worker.mjs', 'store/sqlite-worker.ts'),
  now: Date.now,
  monotonicMs: () => performance.now(),
  makeId: randomUUID,
} as const;

// Nobody reads it, or the disk is full: the exit code says it too.
process.stderr.on('error', () => undefined);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [verb, ...others] = args;
  if (verb === 'install' || verb === 'uninstall') return await withExitCode(() => changeThisMachine(verb, others));
  if (verb === 'admin-token') return await withExitCode(() => start(adminTokenArguments(others).others, anotherAdmin));
  return await withExitCode(() => start(args, run));
}

/** Reads what was set, and does the work with it. @throws CONFIG_INVALID */
async function start(
  args: readonly string[],
  work: (config: CoordinatorConfig, databaseUrl: string) => Promise<number>,
): Promise<number> {
  const flags = settingsOfFlags(args);
  if (flags.help) process.stdout.write(usage());
  if (flags.version) process.stdout.write(`longshore-coordinator ${VERSION}\n`);
  if (flags.help || flags.version) return 0;
  const { DATABASE_URL: databaseUrl = '', LONGSHORE_CONFIG: named = '' } = process.env;
  const file = await readConfigFile(flags.configFile ?? (named === '' ? null : named));
  const environment = settingsOfEnvironment(process.env);
  const config = parseCoordinatorConfig({ file, environment, flags, hasDatabaseUrl: databaseUrl !== '' });
  return await work(config, databaseUrl);
}

async function anotherAdmin(config: CoordinatorConfig, databaseUrl: string): Promise<number> {
  const detail = resetBy(userInfo().username, process.env);
  const place = await resetAdminToken({ config, databaseUrl, detail, opening, googleTimeoutMs: GOOGLE_TIMEOUT_MS });
  process.stdout.write(`${renderReset(place)}\n`);
  return 0;
}

async function withExitCode(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    process.stderr.write(renderProblem(error.problem));
    return ERRORS[error.code].exit;
  }
}

async function changeThisMachine(verb: MachineVerb, args: readonly string[]): Promise<number> {
  const { changeMachine, thisMachine } = await import('./machine/change-machine.ts');
  const isBundle = !import.meta.url.endsWith('.ts');
  const machine = thisMachine(process.getuid?.() ?? -1, isBundle ? import.meta.dirname : null);
  return await changeMachine(verb, args, machine, (text) => process.stdout.write(text));
}

async function run(config: CoordinatorConfig, databaseUrl: string): Promise<number> {
  const log = pino({ level: config.logLevel, base: null }, logOutput(process.stdout));
  const ending = endSignal(log, () => process.exit(1));
  const lock = await lockDataDir(config.dataDir, { program: 'coordinator', token: randomBytes(8).toString('hex') });
  const metrics = new CoordinatorMetrics(VERSION);
  const notifier = createNotifier({ env: process.env, pid: process.pid, onProblem: (text) => log.warn(text) });
  const systemd = new SystemdService({ notifier, log });
  try {
    await lead({ given: config, databaseUrl, metrics, systemd, log, ending });
  } finally {
    await systemd.end();
    await lock.release();
  }
  log.info('longshore-coordinator has ended');
  return 0;
}

interface Leading {
  readonly given: CoordinatorConfig;
  readonly databaseUrl: string;
  readonly metrics: CoordinatorMetrics;
  readonly systemd: SystemdService;
  readonly log: Logger;
  readonly ending: Ending;
}

/** Serves, at once or when the coordinator that has the database is gone, until it is told to end. */
async function lead({ given, databaseUrl, metrics, systemd, log, ending }: Leading): Promise<void> {
  const port = given.listen.port === 0 ? await freePort(given.listen.host) : given.listen.port;
  const config = { ...given, listen: { ...given.listen, port } };
  const audiences = config.audiences ?? loopbackAudiences(config, port);
  const roots = await systemRoots();
  const tls = config.tls === null ? null : await readTls(config.tls);
  const source = await databaseSource(config, { databaseUrl, ca: roots, timeoutMs: GOOGLE_TIMEOUT_MS });
  const name = new URL(audiences[0]).host;
  const opened = await openOrStandBy(
    (standby) =>
      openStore({
        ...opening,
        config,
        source,
        roots: roots ?? null,
        name,
        standby,
        onFault: (error) => {
          log.error({ err: error }, 'the store cannot be used any more; ending');
          ending.fault(error);
        },
        log,
      }),
    {
      listen: config.listen,
      tls,
      version: VERSION,
      // In a fleet on Google Cloud the key is in Secret Manager.
      check: async (client) => (config.google === null ? requireSharedKey(config, client) : undefined),
      mayLead: async (client) => config.beginsData || (await hasBegun(client)),
      onStandby: (statusLine) => systemd.become({ statusLine, health: () => ({ healthy: true }) }),
      log,
      signal: ending.signal,
    },
  ).catch((error: unknown) => {
    // A standby that was told to end has nothing to finish.
    if (ending.signal.aborted) return null;
    throw error;
  });
  if (opened === null) return;
  const store = timedStore(
    opened,
    () => performance.now(),
    (kind, taken) => metrics.storeCall(kind, taken),
  );
  try {
    const checks = source === null ? [] : [() => standbyFinding(name, opened)];
    await serve({ config, audiences, tls, store, metrics, systemd, log, roots, checks, ended: ending.promise });
  } finally {
    // Its thread would keep a process alive that could not start.
    await opened.close();
  }
}

interface Served {
  readonly config: CoordinatorConfig;
  readonly audiences: readonly [string, ...string[]];
  readonly tls: TlsPair | null;
  readonly store: Store;
  readonly metrics: CoordinatorMetrics;
  readonly systemd: SystemdService;
  readonly log: Logger;
  readonly roots: readonly string[] | undefined;
  readonly checks: readonly DoctorCheck[];
  readonly ended: Promise<void>;
}

async function serve({
  config,
  audiences,
  tls,
  store,
  metrics,
  systemd,
  log,
  roots,
  checks,
  ended,
}: Served): Promise<void> {
  const google =
    config.google === null
      ? null
      : await openGoogle(config.google, { store, audiences, ca: roots, timeoutMs: GOOGLE_TIMEOUT_MS });
  const key = google === null ? readOrMakeKey(config.secretsKeyFile, randomBytes) : await google.secretsKey();
  const vault = makeVault(key, randomBytes);
  const lost = await noteKey({ store, vault, now: Date.now });
  if (lost !== null) log.warn({}, `${lost}; set them again, or start with the old key`);
  await firstAdmin(config, store, google, log);
  const coordinator = new Coordinator({
    config,
    version: VERSION,
    audiences,
    tls,
    webFiles: await webFiles(),
    installer: await installer(config, audiences),
    store,
    vault,
    metrics,
    log,
    checks: [() => diskFinding(config.dataDir), ...certificateChecks(config.tls, Date.now), ...checks],
    google,
    fetch: fetchWithRoots(roots),
    enrolledHosts: (await store.allHosts()).length,
    now: Date.now,
    monotonicMs: () => performance.now(),
    random: Math.random,
    randomBytes,
  });
  try {
    await coordinator.start();
    const scheme = config.tls === null ? 'http' : 'https';
    log.info(
      { listen: `${scheme}://${config.listen.host}:${config.listen.port}`, data: config.dataDir },
      `longshore-coordinator ${VERSION} is ready`,
    );
    const check = new StoreCheck({
      ask: () => store.hasToken({ role: 'admin', at: 0 }),
      obstacle: () => store.obstacle(),
      monotonicMs: () => performance.now(),
    });
    systemd.become({ statusLine: () => coordinator.statusLine(), health: () => check.look() });
    await ended;
  } finally {
    await systemd.end();
    await coordinator.stop();
  }
}

async function firstAdmin(
  { dataDir }: CoordinatorConfig,
  store: Store,
  google: GoogleCloud | null,
  log: Logger,
): Promise<void> {
  if (google !== null) {
    const secret = await google.ensureFirstAdmin(store);
    if (secret !== null) log.info({ secret }, 'the first admin token is in this secret of Secret Manager');
    return;
  }
  const file = await ensureFirstAdmin({ store, dataDirectory: dataDir, now: Date.now(), randomBytes });
  if (file !== null) log.info({ file }, 'the first admin token is in this file');
}
