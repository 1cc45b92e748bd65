/**
 * The agent's process: reads arguments and environment once, builds everything, and turns the end into an exit code.
 * The first SIGTERM or SIGINT ends it cleanly and leaves the containers running; the second ends it at once.
 */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { lockDataDir } from '../daemon/data-dir-lock.ts';
import { createNotifier } from '../daemon/notifier.ts';
import { ERRORS, LongshoreError, type Problem } from '../fleet/errors.ts';
import { fileFault } from '../fleet/file-fault.ts';
import type { HostId, InstanceId } from '../fleet/ids.ts';
import { VERSION } from '../protocol/product-version.ts';
import { Agent } from './agent.ts';
import { readBootId } from './boot-id.ts';
import { buildEnrolled, type BuildContext } from './build-enrolled.ts';
import { startRunningClock } from './clock.ts';
import { parseConfigFile } from './config/config-file.ts';
import { SETTINGS, settingsOfEnvironment, settingsOfFlags, type FlagFacts } from './config/settings.ts';
import { parseAgentConfig, type AgentConfig } from './config.ts';
import { readIfThere } from './durable-file.ts';
import { DockerodeEngine } from './engine/dockerode-engine.ts';
import { freeBytesAt } from './engine/space-check.ts';
import { faultPointOf } from './fault-point.ts';
import { garbageCollector } from './idle-memory.ts';
import { listenLocally } from './http/local-server.ts';
import { openIdentity } from './identity/identity.ts';
import { applyReEnrolment } from './identity/re-enrolment.ts';
import { obtainIdentity } from './identity/obtain-identity.ts';
import { lineLog, type Log } from './log.ts';
import { renderMetrics } from './metrics/render-metrics.ts';
import { listenForControl } from './power-off/control-socket.ts';

/** Why the agent ends, where it begins anew. */
const RESTART = 'restart';
const DEFAULT_CONFIG_FILE = '/etc/longshore/agent.yaml';
/** Stands where a host id is needed before there is one: to look at the engine. */
const NO_HOST = `h-${'0'.repeat(16)}` as HostId;

// A host with a hundred containers looks at them together, and one signal ends all of these looks.
setMaxListeners(1_000);

// Nobody reads it, or the disk is full: the agent's work does not need what it says.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// `exit`, because a connection that lingers must not keep an agent that has ended.
void main(process.argv.slice(2)).then((code) => process.exit(code));

async function main(args: readonly string[]): Promise<number> {
  const [verb, ...others] = args;
  const flags = settingsOfFlags(args);
  if (flags.help) process.stdout.write(usage());
  else if (flags.version) process.stdout.write(`longshore-agent ${VERSION}\n`);
  if (flags.help || flags.version) return 0;
  try {
    if (verb === 'drain') await drain(others);
    else if (verb === 're-enrol') await enrolAgain(others);
    else if (verb === 'uninstall') return await uninstall(others);
    else await runAgents(flags);
    return 0;
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    process.stderr.write(renderProblem(error.problem));
    return ERRORS[error.code].exit;
  }
}

/** Asks the agent that runs; this process is not it. */
async function drain(args: readonly string[]): Promise<void> {
  const { askToDrain, drainArguments, renderDrained } = await import('./power-off/drain-command.ts');
  const { timeoutMs, others } = drainArguments(args);
  const { dataDir } = await readConfig(settingsOfFlags(others));
  process.stdout.write(`${renderDrained(await askToDrain(dataDir, timeoutMs))}\n`);
}

async function enrolAgain(args: readonly string[]): Promise<void> {
  const { reEnrol, reEnrolArguments } = await import('./identity/re-enrol-command.ts');
  const given = reEnrolArguments(args);
  const text = await reEnrol(given, {
    configFile: settingsOfFlags(given.others).configFile ?? variable('LONGSHORE_CONFIG') ?? DEFAULT_CONFIG_FILE,
    readConfig: (more) => readConfig(settingsOfFlags([...given.others, ...more])),
    readStdin: async () => {
      let input = '';
      for await (const chunk of process.stdin.setEncoding('utf8')) input += String(chunk);
      return input;
    },
  });
  process.stdout.write(`${text}\n`);
}

async function uninstall(args: readonly string[]): Promise<number> {
  const { uninstallAgent, runScript } = await import('./machine/uninstall-command.ts');
  return await uninstallAgent(args, {
    uid: process.getuid?.() ?? -1,
    exists: existsSync,
    readText: readIfThere,
    dataDir: async (flags) => (await readConfig(settingsOfFlags(flags))).dataDir,
    run: runScript,
  });
}

async function readConfig(flags: FlagFacts): Promise<AgentConfig> {
  const named = flags.configFile ?? variable('LONGSHORE_CONFIG');
  const where = named ?? DEFAULT_CONFIG_FILE;
  const text = named === null ? await readIfThere(where) : await readNamed(named);
  return parseAgentConfig({
    file: text === null ? null : { path: where, parsed: await parseConfigFile(text) },
    environment: settingsOfEnvironment(process.env),
    flags,
    hostname: os.hostname(),
  });
}

/** An empty variable is one that a script did not fill, not a value. */
function variable(name: string): string | null {
  const { [name]: value = '' } = process.env;
  return value === '' ? null : value;
}

/** A file that somebody names must be there; the default one need not. */
async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = fileFault(error);
    throw new LongshoreError('CONFIG_INVALID', `read the agent's configuration ${file}: ${reason}`, { cause: error });
  }
}

/** One after the other where the agent is asked to begin anew; under systemd the unit starts the next one. */
async function runAgents(flags: FlagFacts): Promise<void> {
  const isUnit = process.env.NOTIFY_SOCKET !== undefined;
  while ((await runAgent(await readConfig(flags))) === 'restart' && !isUnit);
}

async function runAgent(config: AgentConfig): Promise<'ended' | 'restart'> {
  const { INVOCATION_ID: unit, JOURNAL_STREAM: journal, NOTIFY_SOCKET: notifySocket } = process.env;
  const log = lineLog({
    level: config.logLevel,
    journal: unit !== undefined && journal !== undefined,
    now: Date.now,
    write: (line) => process.stderr.write(line),
  });
  const ending = untilSignal(log);
  const lock = await lockDataDir(config.dataDir, { program: 'agent', token: randomBytes(8).toString('hex') });
  if (await applyReEnrolment(config.dataDir)) log.info('this host enrols again, as it was asked to');
  const identity = await openIdentity(config.dataDir);
  const notifier = createNotifier({ env: process.env, pid: process.pid, onProblem: (text) => log.warn(text) });
  const context: BuildContext = {
    config,
    clock: startRunningClock(),
    random: Math.random,
    log,
    facts: await processFacts(),
  };
  const agent = new Agent({
    ...context,
    notifier,
    memory: { heapBytes: () => process.memoryUsage().heapUsed, collect: garbageCollector() },
    describeEngine: (signal) => lookingEngine(context).describe(signal),
    enroll: (onStatus, signal) =>
      obtainIdentity(
        { ...context, platform: context.facts.platform, underSystemd: notifySocket !== undefined },
        identity,
        onStatus,
        signal,
      ),
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
  const control = await listenForControl({
    dataDir: config.dataDir,
    log,
    drain: (timeoutMs) => agent.drain(timeoutMs),
    restart: () => ending.restart(),
  });
  log.info(`longshore-agent ${VERSION} starts`, {
    name: config.name,
    coordinator: config.coordinators.join(', '),
    data: config.dataDir,
  });
  try {
    await agent.run(ending.signal);
  } finally {
    ending.dispose();
    await local?.close();
    await control?.close();
    await lock.release();
  }
  log.info('longshore-agent has ended; the containers keep running');
  return ending.signal.reason === RESTART ? 'restart' : 'ended';
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

async function processFacts(): Promise<BuildContext['facts']> {
  return {
    version: VERSION,
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    processId: randomBytes(12).toString('hex'),
    dockerConfigFile: path.join(variable('DOCKER_CONFIG') ?? path.join(os.homedir(), '.docker'), 'config.json'),
    boot: await readBootId(),
    newInstanceId: () => `i-${randomBytes(6).toString('hex')}` as InstanceId,
    faultPoint: faultPointOf(process.env.LONGSHORE_FAULT, () => process.kill(process.pid, 'SIGKILL')),
  };
}

function untilSignal(log: Log): { readonly signal: AbortSignal; restart(): void; dispose(): void } {
  const ending = new AbortController();
  const names = ['SIGTERM', 'SIGINT'] as const;
  const onSignal = (name: NodeJS.Signals): void => {
    if (ending.signal.aborted) process.exit(128 + os.constants.signals[name]);
    log.info(`${name}: stopping; once more ends it at once`);
    ending.abort();
  };
  const onHangup = (): void => log.info('SIGHUP: ignored; settings are read at the start (systemctl restart)');
  for (const name of names) process.on(name, onSignal);
  process.on('SIGHUP', onHangup);
  return {
    signal: ending.signal,
    restart: () => ending.abort(RESTART),
    dispose: () => {
      for (const name of names) process.off(name, onSignal);
      process.off('SIGHUP', onHangup);
    },
  };
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
longshore-agent drain [--timeout SECONDS] [--config FILE | --data-dir DIR]
longshore-agent re-enrol [--enroll-token-file FILE] [--coordinator URL] [--ca-file FILE] [--host HOST]
                         [--config FILE | --data-dir DIR]
longshore-agent uninstall [--purge] [--config FILE | --data-dir DIR]

The daemon on a host. Settings come from flags, then variables, then the file (${DEFAULT_CONFIG_FILE}
or LONGSHORE_CONFIG). The enrolment token comes from a file or LONGSHORE_ENROLL_TOKEN, never from a flag.
\`drain\` asks the agent that runs on this machine to take it out of service before a power-off, and waits.
\`re-enrol\` gives the host a new identity, here or at another coordinator; containers and volumes stay. The token's
file may be - for standard input. \`uninstall\` takes the agent and its units off this machine; containers, volumes
and its data stay. --purge removes the data and this host's containers and networks, but no volume.

${lines.join('')}  --version, --help
`;
}
