/**
 * The agent killed with SIGKILL at every action, on the real engine: after a restart exactly one good generation,
 * nothing stray, and under start-first never a moment without a serving instance. The points are those that a rehearsal
 * comes to, so that a new action is covered by itself.
 */
import type { Test } from 'tap';
import type { AssignmentEntry } from '../../fleet/assignment.ts';
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import { AgentHost, bundledHarness, ServiceWatch } from './agent-host.ts';
import { aRunEntry, ROUTE, type TestEntry, type TestService } from './agent-entries.ts';
import { appName } from './app-builders.ts';
import { realScene } from './engine-scenes.ts';
import type { TestEngine } from './engine.ts';

const PORT = 8080;
const PROBE: ServiceSpec['probe'] = {
  check: { kind: 'tcp', port: PORT },
  intervalMs: 1_000,
  timeoutMs: 1_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 50,
};

/** Changes in which an agent has to come to a point that it came to once. */
const TRIES = 10;

type Image = Pick<ServiceSpec['image'], 'reference' | 'digest' | 'platform'>;
type MakeEntry = (release: number, version: string) => AssignmentEntry;

function service(image: Image, version: string, fields: Partial<TestService> = {}): TestService {
  const works = version !== 'f';
  return {
    version,
    image: { ...image, pull: 'always' },
    command: works ? ['httpd', '-f', '-p', String(PORT)] : ['sh', '-c', 'echo no database; exit 1'],
    stopSignal: 'SIGKILL',
    probe: PROBE,
    ...fields,
  };
}

const pair = (image: Image): MakeEntry => {
  return (release, version) =>
    aRunEntry({
      app: 'web',
      release,
      services: {
        web: service(image, version, { ingress: ROUTE, dependsOn: { db: 'healthy' } }),
        db: service(image, version === 'f' ? 'b' : version),
      },
    });
};

const stopFirst = (image: Image): MakeEntry => {
  const mounts: ServiceSpec['mounts'] = [{ kind: 'volume', volume: 'data', target: '/data', readOnly: false }];
  return (release, version) => {
    const services: TestEntry['services'] = {
      web: service(image, version, { order: 'stop-first', mounts, ingress: ROUTE }),
    };
    return aRunEntry({ app: 'web', release, volumes: ['data'], services });
  };
};

const REMOVE: AssignmentEntry = { kind: 'remove', app: appName('web'), volumes: true };

export interface KillOnEngineScene {
  readonly name: string;
  readonly make: (image: Image) => MakeEntry;
  readonly services: readonly string[];
  /** What each change brings, in turns; `-` removes the app. */
  readonly turns: readonly string[];
  readonly neverDown: boolean;
}

export const SCENES = [
  { name: 'start-first', make: pair, services: ['db', 'web'], turns: ['b', 'a'], neverDown: true },
  { name: 'stop-first', make: stopFirst, services: ['web'], turns: ['b', 'a'], neverDown: false },
  { name: 'start-first that fails', make: pair, services: ['db', 'web'], turns: ['f'], neverDown: true },
  { name: 'stop-first that fails', make: stopFirst, services: ['web'], turns: ['f'], neverDown: false },
  { name: 'removal', make: stopFirst, services: ['web'], turns: ['-'], neverDown: false },
  { name: 'first deployment', make: stopFirst, services: ['web'], turns: ['a'], neverDown: false },
] as const satisfies readonly KillOnEngineScene[];

export async function killAtEveryAction(t: Test, engine: TestEngine, scene: KillOnEngineScene): Promise<void> {
  const stage = realScene(engine);
  const host = await AgentHost.make(engine, await bundledHarness());
  t.teardown(async () => {
    await host.close();
    await stage.close();
  });
  const make = scene.make(await stage.offer('runs'));
  let release = 0;
  let serving = '-';

  /**
   * One change, with the agent killed at the point. Where the change fails, the old version serves on.
   * @returns false where the change came to its end without coming to the point
   */
  const change = async (version: string, dieAt: string | null): Promise<boolean> => {
    release += 1;
    const entries = [version === '-' ? REMOVE : make(release, version)];
    if (version !== 'f') serving = version;
    const what = `${version} (${dieAt ?? 'no kill'})`;
    const end = (): Promise<boolean> => isAtEnd(host, scene, serving, version, release);
    host.assign(entries, dieAt);
    await host.until(async () => host.isDead || (await end()), what);
    if (!host.isDead) return false;
    // Nobody but the disk tells the new process what to do.
    await host.start();
    await host.until(end, what);
    return true;
  };
  const reset = async (): Promise<void> => {
    if (scene.name === 'first deployment') await change('-', null);
    if (scene.name === 'removal') await change('a', null);
  };

  await host.start();
  if (scene.name !== 'first deployment') await change('a', null);
  host.points.length = 0;
  await change(scene.turns[0] ?? 'b', null);
  // The budget is saved only by a change that takes a quarter of a minute: whether one does, is a matter of the machine.
  const points = [...new Set(host.points)].filter((point) => !point.endsWith(':save-budget'));
  t.ok(points.length >= 10, `${points.length} points: ${points.join(' ')}`);

  const watches = scene.neverDown
    ? scene.services.map((_, index) => new ServiceWatch([host.address(index, 0), host.address(index, 1)], PORT))
    : [];
  let turn = 0;
  for (const point of points) {
    let isKilled = false;
    // What an agent comes to depends on the time that Docker takes: whether an instance still runs when it is looked at.
    for (let tries = 0; !isKilled && tries < TRIES; tries += 1) {
      turn += 1;
      await reset();
      isKilled = await change(scene.turns[turn % scene.turns.length] ?? 'a', point);
    }
    t.ok(isKilled, `one good generation, nothing stray: ${point}`);
  }
  for (const watch of watches) {
    await watch.end();
    t.equal(watch.gaps, 0, `never without a serving instance (asked ${watch.asked} times)`);
  }
}

async function isAtEnd(
  host: AgentHost,
  scene: KillOnEngineScene,
  serving: string,
  version: string,
  release: number,
): Promise<boolean> {
  // Docker is asked between two looks: what the agent was still doing at the first is done, or shows at the second.
  if ((await host.look())?.isQuiet !== true || !(await isSettled(host, scene, serving, version, release))) return false;
  return (await host.look())?.isQuiet === true;
}

async function isSettled(
  host: AgentHost,
  scene: KillOnEngineScene,
  serving: string,
  version: string,
  release: number,
): Promise<boolean> {
  const report = host.reports.web;
  if (serving === '-')
    return report?.removed === true && (await host.containers()).length === 0 && (await host.networks()) === 0;
  const verdict = version === 'f' ? 'failed' : 'passed';
  if (report?.attempt?.state !== verdict || report.attempt.release !== release) return false;
  const expected = scene.services.map((name) => ({
    service: name,
    hash: serving,
    state: 'running',
    restart: 'always',
  }));
  return JSON.stringify(await host.containers()) === JSON.stringify(expected);
}
