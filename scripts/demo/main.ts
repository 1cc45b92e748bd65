// The story of the demo, from a built program to a running app; scripts/demo.sh says what it can be asked for.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { buildIfOld } from '../build/build-if-old.ts';
import { openDocker } from '../engine/open-docker.ts';
import { cleanUp } from './clean-up.ts';
import { containerPlace, isDesktop } from './container-agents.ts';
import { DemoFolder, type DemoState } from './demo-state.ts';
import { liveView } from './live-view.ts';
import { startLoad } from './load.ts';
import { defaultName, parseDemoOptions, type DemoOptions } from './options.ts';
import { isRunning, stopProgram } from './programs.ts';
import { demoWishes, planDemo, startAgents, startCoordinator, startRegistry, coordinatorUrl } from './setting-up.ts';
import { checkApps, environmentOf, longshore } from './shipping.ts';

const appFile = 'examples/wordcount/compose.yaml';
const brokenFile = 'examples/wordcount/compose.broken.yaml';
const exitRolledBack = 3;
const mainFile = 'scripts/demo/main.ts';
const requestsPerSecond = 60;

const stop = new AbortController();
const stateDir = execFileSync('bash', ['scripts/engine.sh', 'state-dir'], { encoding: 'utf8' }).trim();
const options = readOptions();
const folder = new DemoFolder(path.join(stateDir, options?.name ?? defaultName));

process.exitCode = options === undefined ? 2 : await run(options);

function readOptions(): DemoOptions | undefined {
  try {
    return parseDemoOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function run(options: DemoOptions): Promise<number> {
  const before = folder.read();
  if (options.after === 'down') return end(before);
  if (before !== undefined && isRunning(before.pid, mainFile) && before.pid !== process.pid) {
    console.error(`demo: another one runs (process ${before.pid}). End it with Ctrl-C there first.`);
    return 2;
  }
  if (before?.kept === true) {
    console.error(`demo: one was left running with --keep. End it first: ${downCommand(options.name)}`);
    return 2;
  }
  if (before !== undefined) {
    say('Cleaning up after a demo that was killed ...');
    await cleanUp(folder, before);
  }
  return show(options);
}

async function end(state: DemoState | undefined): Promise<number> {
  if (state === undefined) {
    say('No demo is running.');
    return 0;
  }
  // One that is still being shown cleans up after itself; what it leaves undone is done here.
  if (isRunning(state.pid, mainFile)) await stopProgram(state.pid, mainFile, 60_000);
  await cleanUp(folder, state);
  say('The demo has ended; nothing is left of it.');
  return 0;
}

async function show(options: DemoOptions): Promise<number> {
  const interrupted = onInterrupt();
  const docker = openDocker();
  const inContainers = options.inContainers || (await isDesktop(docker));
  const state = await planDemo(options.bind, demoWishes(options.name), inContainers);
  folder.write(state);
  let code = 1;
  try {
    code = await story(options, state);
  } catch (error) {
    if (!stop.signal.aborted) console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (options.after === 'keep' && code === 0 && !stop.signal.aborted) {
    folder.write({ ...state, kept: true });
    say(`It goes on in the background. End it with: ${downCommand(options.name)}`);
    return code;
  }
  say('Ending the demo ...');
  await cleanUp(folder, state);
  interrupted();
  return code;
}

async function story(options: DemoOptions, state: DemoState): Promise<number> {
  await timed('Building Longshore and the example', () => {
    buildIfOld();
    return Promise.resolve();
  });
  await timed('Starting a registry', () => {
    startRegistry(state);
    return Promise.resolve();
  });
  const docker = openDocker();
  const inside = state.inContainers ? { docker, place: await containerPlace(docker) } : null;
  const outer = inside === null || inside.place.coordinatorHost === '127.0.0.1' ? [] : [inside.place.coordinatorHost];
  const api = await timed('Starting the coordinator', () => startCoordinator(folder, state, stop.signal, outer));
  await timed(inside === null ? 'Starting three agents' : 'Starting three agents in containers', () =>
    startAgents(folder, state, options.bind, api, { settings: [], inside }),
  );
  const env = environmentOf(folder, state, '1');
  say('\n$ longshore deploy -f examples/wordcount/compose.yaml');
  const shipped = await longshore(['deploy', '-f', appFile], env);
  if (shipped !== 0) throw new Error(`the first deployment ended with exit code ${shipped}`);
  const urls = state.hosts.map((host) => `http://${options.bind}:${host.ingressPort}`);
  if (!report(await checkApps(urls, '1'), 'Every host counts the words of an upload.')) return 1;
  if (options.breakIt && !(await breakIt(state, urls))) return 1;
  if (options.after === 'exit') return 0;
  say(nextSteps(state, urls));
  if (options.after === 'live') await liveView(api, 'Ctrl-C ends the demo and leaves nothing behind.', stop.signal);
  return 0;
}

/** A version that never gets healthy must roll back by itself, and no request may fail meanwhile. */
async function breakIt(state: DemoState, urls: readonly string[]): Promise<boolean> {
  say('\nNow a version that never gets healthy, with a steady load on all three hosts.');
  say('$ longshore deploy -f examples/wordcount/compose.yaml -f examples/wordcount/compose.broken.yaml');
  const load = startLoad(
    urls.map((url) => `${url}/count`),
    requestsPerSecond,
  );
  const code = await longshore(['deploy', '-f', appFile, '-f', brokenFile], environmentOf(folder, state, '2'));
  const result = await load.stop();
  const wrong = await checkApps(urls, '1');
  if (code !== exitRolledBack)
    wrong.push(`the deployment ended with exit code ${code}, not ${exitRolledBack} (rolled back)`);
  if (result.failed > 0) wrong.push(`${result.failed} of ${result.sent} requests failed: ${result.reasons.join('; ')}`);
  say(
    `\n${result.sent} requests meanwhile, ${result.failed} failed, the slowest took ${Math.round(result.slowestMs)} ms.`,
  );
  return report(wrong, 'It rolled back by itself; version 1 serves as before.');
}

function nextSteps(state: DemoState, urls: readonly string[]): string {
  const [first = ''] = urls;
  const env = environmentOf(folder, state, '1');
  return `
The app:   ${urls.map((url) => `${url}/count`).join('   ')}
The page:  ${coordinatorUrl(state)}/    (the token is in ${folder.path('coordinator', 'admin-token')})

Try in another terminal:
  export LONGSHORE_URL=${coordinatorUrl(state)} LONGSHORE_TOKEN_FILE=${folder.path('coordinator', 'admin-token')}
  curl -H 'content-type: text/plain' --data-binary @README.md ${first}/count
  dist/longshore.mjs hosts
  dist/longshore.mjs logs wordcount -f
  dist/longshore.mjs console

Ship another version (the variables tell the app file where this registry is):
  export WORDCOUNT_IMAGE=${env.WORDCOUNT_IMAGE} WORDCOUNT_BASE=${env.WORDCOUNT_BASE}
  WORDCOUNT_VERSION=3 dist/longshore.mjs deploy -f ${appFile}
`;
}

/** Another demo than the one that is meant must not be ended by what is copied from here. */
function downCommand(name: string): string {
  return `bash scripts/demo.sh${name === defaultName ? '' : ` --name ${name}`} --down`;
}

function report(wrong: readonly string[], right: string): boolean {
  if (wrong.length === 0) say(right);
  else for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
  return wrong.length === 0;
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  stop.signal.throwIfAborted();
  const startedAt = performance.now();
  const result = await work();
  say(`${`${what} `.padEnd(44, '.')} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}

/** The first Ctrl-C ends the demo in order; further ones are ignored while it does, as half a clean-up helps nobody. */
function onInterrupt(): () => void {
  const interrupt = (): void => stop.abort(new Error('interrupted'));
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, interrupt);
  };
}

function say(text: string): void {
  console.log(text);
}
