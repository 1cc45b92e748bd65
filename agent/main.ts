/**
 * The agent's process: reads arguments and environment once, builds everything, and turns the end into an exit code.
 * The first SIGTERM or SIGINT ends it cleanly and leaves the containers running; the second ends it at once.
 */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ERRORS, LongshoreError, type Problem } from '../fleet/errors.ts';
import type { HostId, InstanceId } from '../fleet/ids.ts';
import { VERSION } from '../protocol/product-version.ts';
import { Agent } from './agent.ts';
import { buildEnrolled, type BuildContext } from './build-enrolled.ts';
import { systemClock } from './clock.ts';
import { parseConfigFile } from './config/config-file.ts';
import { SETTINGS, settingsOfEnvironment, settingsOfFlags, type FlagFacts } from './config/settings.ts';
import { parseAgentConfig, type AgentConfig } from './config.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { readIfThere } from './durable-file.ts';
import { DockerodeEngine } from './engine/dockerode-engine.ts';
import { freeBytesAt } from './engine/space-check.ts';
import { faultPointOf } from './fault-point.ts';
import { garbageCollector } from './idle-memory.ts';
import { listenLocally } from './http/local-server.ts';
import { enroll } from './identity/enroll.ts';
import { readEnrollToken } from './identity/enroll-token.ts';
import { openIdentity, saveIdentity, type Enrolled, type Identity } from './identity/identity.ts';
import { postJson } from './identity/post-json.ts';
import { lineLog, type Log } from './log.ts';
import { renderMetrics } from './metrics/render-metrics.ts';
import { createNotifier } from './systemd/notifier.ts';
import { trustedRoots } from './trust.ts';

const DEFAULT_CONFIG_FILE = '/etc/longshore/agent.yaml';
const ENROLL_TIMEOUT_MS = 30_000;
/** Stands where a host id is needed before there is one: to look at the engine. */
const NO_HOST = `h-${'0'.repeat(16)}` as HostId;

// A host with a hundred containers looks at them together, and one signal ends all of these looks.
setMaxListeners(1_000);

const flags = settingsOfFlags(process.argv.slice(2));
if (flags.help) {
  process.stdout.write(usage());
} else if (flags.version) {
  process.stdout.write(`longshore-agent ${VERSION}\n`);
} else {
  // `exit`, because a connection that lingers must not keep an agent that has ended.
  void main(flags).then((code) => process.exit(code));
}

async function main(flags: FlagFacts): Promise<number> {
  try {
    await runAgent(await readConfig(flags));
    return 0;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    process.stderr.write(renderProblem(error.problem));
    return ERRORS[error.code].exit;
  }
}

async function readConfig(flags: FlagFacts): Promise<AgentConfig> {
  const named = flags.configFile ?? process.env.LONGSHORE_CONFIG ?? null;
  const where = named ?? DEFAULT_CONFIG_FILE;
  const text = named === null ? await readIfThere(where) : await readNamed(named);
  return parseAgentConfig({
    file: text === null ? null : { path: where, parsed: await parseConfigFile(text) },
    environment: settingsOfEnvironment(process.env),
    flags,
    hostname: os.hostname(),
  });
}

/** A file that somebody names must be there; the default one need not. */
async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('CONFIG_INVALID', `read the agent's configuration ${file}: ${reason}`, { cause: error });
  }
}

async function runAgent(config: AgentConfig): Promise<void> {
  const { INVOCATION_ID: unit, JOURNAL_STREAM: journal, NOTIFY_SOCKET: notifySocket } = process.env;
  const log = lineLog({
    level: config.logLevel,
    journal: unit !== undefined && journal !== undefined,
    now: Date.now,
    write: (line) => process.stderr.write(line),
  });
  const ending = endSignal(log);
  const lock = await lockDataDir(config.dataDir);
  const identity = await openIdentity(config.dataDir);
  const notifier = createNotifier({ env: process.env, pid: process.pid, onProblem: (text) => log.warn(text) });
  const context: BuildContext = { config, clock: systemClock, random: Math.random, log, facts: processFacts() };
  const agent = new Agent({
    ...context,
    notifier,
    memory: { heapBytes: () => process.memoryUsage().heapUsed, collect: garbageCollector() },
    describeEngine: (signal) => lookingEngine(context).describe(signal),
    enroll: (onStatus, signal) => enrolled(context, identity, notifySocket !== undefined, onStatus, signal),
    buildEnrolled: (found, engine, wiring) => buildEnrolled(context, identity, found, engine, wiring),
  });
  const local =
    config.httpListen === null
      ? null
      : await listenLocally(
          config.httpListen,
          () => agent.facts(),
          () => renderMetrics(agent.facts(), processFigures()),
        );
  log.info(`longshore-agent ${VERSION} starts`, {
    name: config.name,
    coordinator: config.coordinator,
    data: config.dataDir,
  });
  try {
    await agent.run(ending);
  } finally {
    await local?.close();
    await lock.release();
  }
  log.info('longshore-agent has ended; the containers keep running');
}

/** The identity's id, or one that a token buys. What was bought is on the disk before it is used. */
async function enrolled(
  { config, clock, random, facts, log }: BuildContext,
  identity: Identity,
  underSystemd: boolean,
  onStatus: (found: Problem) => void,
  signal: AbortSignal,
): Promise<Enrolled | null> {
  if (identity.enrolled !== null) return identity.enrolled;
  const ca = config.coordinator.startsWith('wss:') ? await trustedRoots(config.caFile) : undefined;
  const found = await enroll(
    {
      identity,
      facts: { coordinator: config.coordinator, name: config.name, labels: config.labels, platform: facts.platform },
      readToken: () => readEnrollToken(config.enrollToken),
      post: (url, body, stop) => postJson(url, body, { ca, timeoutMs: ENROLL_TIMEOUT_MS, signal: stop }),
      clock,
      random,
      onRefusal: underSystemd ? 'wait' : 'throw',
      onStatus,
    },
    signal,
  );
  if (found === null) return null;
  await saveIdentity(config.dataDir, { ...identity, enrolled: found });
  log.info(`enrolled as ${found.name}`, { host: found.host, pool: found.pool });
  return found;
}

function lookingEngine({ config, clock }: BuildContext): DockerodeEngine {
  return new DockerodeEngine({
    socketPath: config.dockerSocket,
    host: NO_HOST,
    credentials: () => Promise.resolve(null),
    clock,
    freeBytes: freeBytesAt,
  });
}

function processFacts(): BuildContext['facts'] {
  return {
    version: VERSION,
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    processId: randomBytes(12).toString('hex'),
    dockerConfigFile: path.join(process.env.DOCKER_CONFIG ?? path.join(os.homedir(), '.docker'), 'config.json'),
    newInstanceId: () => `i-${randomBytes(6).toString('hex')}` as InstanceId,
    faultPoint: faultPointOf(process.env.LONGSHORE_FAULT, () => process.kill(process.pid, 'SIGKILL')),
  };
}

function endSignal(log: Log): AbortSignal {
  const ending = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (ending.signal.aborted) process.exit(128 + os.constants.signals[name]);
    log.info(`${name}: stopping; once more ends it at once`);
    ending.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return ending.signal;
}

function processFigures(): Parameters<typeof renderMetrics>[1] {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    startedAtSeconds: Math.round(Date.now() / 1000 - process.uptime()),
    version: VERSION,
  };
}

function renderProblem({ code, message, hint, details }: Problem): string {
  const lines = details.map(({ path, message, line, column }) => {
    const place = line === null ? '' : ` (line ${line}, column ${column ?? 1})`;
    return `  ${path}${place}: ${message}\n`;
  });
  return `longshore-agent: ${message} [${code}]\n${lines.join('')}  ${hint}\n`;
}

function usage(): string {
  const rows = SETTINGS.flatMap(({ flag, env, help }) => (flag === null ? [] : [[`--${flag}`, env ?? '', help]]));
  const lines = rows.map(([flag = '', env = '', help = '']) => `  ${flag.padEnd(22)} ${env.padEnd(30)} ${help}\n`);
  return `longshore-agent [--config FILE] [settings]

The daemon on a host. Settings come from flags, then variables, then the file (${DEFAULT_CONFIG_FILE}
or LONGSHORE_CONFIG). The enrolment token comes from a file or LONGSHORE_ENROLL_TOKEN, never from a flag.

${lines.join('')}  --version, --help
`;
}
