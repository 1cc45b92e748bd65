/**
 * The coordinator's process: reads arguments and environment once, builds everything, and turns the end into an exit
 * code. The first SIGTERM or SIGINT ends it cleanly; what is under way goes on at the next start. The second ends it.
 */
import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { lockDataDir } from '../daemon/data-dir-lock.ts';
import { createNotifier } from '../daemon/notifier.ts';
import { ERRORS, LongshoreError } from '../fleet/errors.ts';
import { VERSION } from '../protocol/product-version.ts';
import { loopbackAudiences, parseCoordinatorConfig } from './config.ts';
import type { CoordinatorConfig, GoogleConfig } from './config.ts';
import { parseConfigFile } from './config/config-file.ts';
import type { ConfigFile } from './config/config-file.ts';
import { settingsOfEnvironment, settingsOfFlags } from './config/settings.ts';
import { renderProblem, usage } from './config/usage.ts';
import type { DoctorFinding } from './control/control-options.ts';
import { Coordinator } from './coordinator.ts';
import { AgentArchives } from './install/agent-archives.ts';
import { Installer } from './install/installer.ts';
import { databaseSource } from './database-source.ts';
import type { GoogleCloud } from './google/google-cloud.ts';
import { systemRoots } from '../daemon/system-roots.ts';
import { readWebFiles } from './http/web-files.ts';
import { ensureFirstAdmin } from './identity/first-admin.ts';
import { logOutput } from './log-output.ts';
import { CoordinatorMetrics } from './metrics/coordinator-metrics.ts';
import { timedStore } from './metrics/timed-store.ts';
import { openStore } from './open-store.ts';
import { fetchWithRoots } from './registry/fetch-with-roots.ts';
import { readOrMakeKey } from './secrets/key-file.ts';
import { checkKey, makeVault } from './secrets/vault.ts';
import { endSignal } from './signals.ts';
import type { Store } from './store/store.ts';
import { runUnderSystemd } from './systemd/run-under-systemd.ts';
import { StoreCheck } from './systemd/store-check.ts';

const DEFAULT_CONFIG_FILE = '/etc/longshore/coordinator.yaml';
/** Below it a database soon cannot write. */
const FREE_BYTES_NEEDED = 512 * 1024 * 1024;
const GOOGLE_TIMEOUT_MS = 20_000;

// Nobody reads it, or the disk is full: the exit code says it too.
process.stderr.on('error', () => undefined);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const flags = settingsOfFlags(args);
  if (flags.help) process.stdout.write(usage());
  if (flags.version) process.stdout.write(`longshore-coordinator ${VERSION}\n`);
  if (flags.help || flags.version) return 0;
  try {
    const { DATABASE_URL: databaseUrl = '', LONGSHORE_CONFIG: named = '' } = process.env;
    const file = await readConfigFile(flags.configFile ?? (named === '' ? null : named));
    const environment = settingsOfEnvironment(process.env);
    const config = parseCoordinatorConfig({ file, environment, flags, hasDatabaseUrl: databaseUrl !== '' });
    return await run(config, databaseUrl);
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    process.stderr.write(renderProblem(error.problem));
    return ERRORS[error.code].exit;
  }
}

async function run(config: CoordinatorConfig, databaseUrl: string): Promise<number> {
  const log = pino({ level: config.logLevel, base: null }, logOutput(process.stdout));
  const ending = endSignal(log, () => process.exit(1));
  const lock = await lockDataDir(config.dataDir, { program: 'coordinator', token: randomBytes(8).toString('hex') });
  const metrics = new CoordinatorMetrics(VERSION);
  const roots = await systemRoots();
  const opened = await openStore({
    config,
    source: await databaseSource(config, { databaseUrl, ca: roots, timeoutMs: GOOGLE_TIMEOUT_MS }),
    roots: roots ?? null,
    workerUrl: besideMain('sqlite-worker.mjs', 'store/sqlite-worker.ts'),
    onFault: (error) => {
      log.error({ err: error }, 'the store cannot be used any more; ending');
      ending.fault(error);
    },
    log,
    now: Date.now,
    monotonicMs: () => performance.now(),
    makeId: randomUUID,
  });
  try {
    await serve(
      config,
      timedStore(
        opened,
        () => performance.now(),
        (taken) => metrics.storeCall(taken),
      ),
      metrics,
      log,
      roots,
      ending.promise,
    );
  } finally {
    // Its thread would keep a process alive that could not start.
    await opened.close();
    await lock.release();
  }
  log.info('longshore-coordinator has ended');
  return 0;
}

async function serve(
  config: CoordinatorConfig,
  store: Store,
  metrics: CoordinatorMetrics,
  log: Logger,
  roots: readonly string[] | undefined,
  ended: Promise<void>,
): Promise<void> {
  const port = config.listen.port === 0 ? await freePort(config.listen.host) : config.listen.port;
  const bound = { ...config, listen: { ...config.listen, port } };
  const audiences = config.audiences ?? loopbackAudiences(config, port);
  const google = config.google === null ? null : await openGoogle(config.google, store, audiences, roots);
  const key = google === null ? readOrMakeKey(config.secretsKeyFile, randomBytes) : await google.secretsKey();
  const vault = makeVault(key, randomBytes);
  await checkKey(vault, store);
  await firstAdmin(config, store, google, log);
  const coordinator = new Coordinator({
    config: bound,
    version: VERSION,
    audiences,
    tls: await readTls(config),
    webFiles: await webFiles(),
    installer: await installer(config, audiences),
    store,
    vault,
    metrics,
    log,
    checks: [() => diskFinding(config.dataDir)],
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
      { listen: `${scheme}://${config.listen.host}:${port}`, data: config.dataDir },
      `longshore-coordinator ${VERSION} is ready`,
    );
    await underSystemd(coordinator, store, log, ended);
  } finally {
    await coordinator.stop();
  }
}

/** Until it ends. */
async function underSystemd(coordinator: Coordinator, store: Store, log: Logger, ended: Promise<void>): Promise<void> {
  const ending = new AbortController();
  const said = runUnderSystemd(
    {
      notifier: createNotifier({ env: process.env, pid: process.pid, onProblem: (text) => log.warn(text) }),
      statusLine: () => coordinator.statusLine(),
      store: new StoreCheck({
        ask: () => store.hasToken({ role: 'admin', at: 0 }),
        obstacle: () => store.obstacle(),
        monotonicMs: () => performance.now(),
      }),
      log,
    },
    ending.signal,
  );
  try {
    await ended;
  } finally {
    ending.abort();
    await said;
  }
}

/** Google's part is loaded only where it is configured. */
async function openGoogle(
  config: GoogleConfig,
  store: Store,
  audiences: readonly string[],
  ca: readonly string[] | undefined,
): Promise<GoogleCloud> {
  const [cloud, client] = await Promise.all([import('./google/google-cloud.ts'), import('./google/google-http.ts')]);
  const http = client.googleHttp({ ca, timeoutMs: GOOGLE_TIMEOUT_MS });
  return new cloud.GoogleCloud({ config, http, audiences, store, now: Date.now, randomBytes });
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

async function readConfigFile(named: string | null): Promise<ConfigFile | null> {
  const file = named ?? DEFAULT_CONFIG_FILE;
  if (named === null && !existsSync(file)) return null;
  try {
    return parseConfigFile(file, await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `read the coordinator's configuration ${file}: ${reason}`, {
      cause: error,
    });
  }
}

async function readTls({ tls }: CoordinatorConfig): Promise<{ readonly cert: Buffer; readonly key: Buffer } | null> {
  if (tls === null) return null;
  try {
    return { cert: await readFile(tls.certFile), key: await readFile(tls.keyFile) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `read the certificate: ${reason}`, { cause: error });
  }
}

/** The page is built into `web/` beside the program; from source it is in `dist/`. */
async function webFiles(): Promise<Awaited<ReturnType<typeof readWebFiles>>> {
  const folder = fileURLToPath(besideMain('web/', '../dist/web/'));
  return existsSync(folder) ? await readWebFiles(folder) : new Map();
}

/** What `install.sh` brings: agents beside the program, or what a build from source made. */
async function installer(config: CoordinatorConfig, audiences: readonly [string, ...string[]]): Promise<Installer> {
  const { caFile } = config;
  const root = caFile === null ? null : await readRoot(caFile);
  // A build from source has put them beside the bundles.
  const beside = [besideMain('agents/', '../dist/agents/'), besideMain('programs/', '../dist/programs/')];
  const folder = config.agentsDir ?? fileURLToPath(beside.find((place) => existsSync(place)) ?? beside[0] ?? '');
  return new Installer({ audiences, root, archives: new AgentArchives(folder) });
}

async function readRoot(caFile: string): Promise<string> {
  try {
    return new X509Certificate(await readFile(caFile)).toString();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `read ca_file ${caFile}: ${reason}`, { cause: error });
  }
}

function besideMain(bundled: string, source: string): URL {
  return new URL(import.meta.url.endsWith('.ts') ? `./${source}` : `./${bundled}`, import.meta.url);
}

async function diskFinding(directory: string): Promise<DoctorFinding> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const text = `${Math.round(free / 1024 / 1024)} MiB are free where the data is`;
  return { name: 'disk', ok: free >= FREE_BYTES_NEEDED, text };
}

/** For `listen: HOST:0`: the address must be known before agents can prove themselves to it. */
function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
