// Ends a demo and removes what it made, and nothing else: what carries the ids of its hosts, its images and folders.
// Every part may be gone already.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { openDocker } from '../engine/open-docker.ts';
import { removeLabelled, removeImages } from '../engine/remove-labelled.ts';
import { containerHostIds, demoLabel } from './container-agents.ts';
import type { DemoFolder, DemoState } from './demo-state.ts';
import { stopPrograms } from './programs.ts';

export async function cleanUp(folder: DemoFolder, state: DemoState): Promise<void> {
  // Agents first: a coordinator or a container that goes away would set them to work.
  await stopPrograms(folder, 'agent');
  await stopPrograms(folder, 'coordinator');
  const docker = openDocker();
  if (await docker.ping().then(Boolean, () => false)) {
    const hosts = state.inContainers ? containerHostIds(folder, state) : hostIds(folder, state);
    if (state.inContainers) await removeLabelled(docker, demoLabel(state));
    for (const host of hosts) {
      await removeLabelled(docker, `longshore.host=${host}`);
      await removeImages(docker, [`longshore.local/${host}/*/*`, `longshore.local/${host}/*`]);
    }
    await removeImages(docker, [`127.0.0.1:${state.registryPort}/*`]);
  }
  run('bash', ['scripts/engine.sh', 'registry-down', state.name]);
  run('bash', ['scripts/engine.sh', 'registry-forget', state.name]);
  folder.remove();
  if (state.startedEngine) run('bash', ['scripts/engine.sh', 'engine-down']);
}

function hostIds(folder: DemoFolder, state: DemoState): string[] {
  return state.hosts.flatMap((host) => {
    const file = folder.path(host.name, 'identity.json');
    if (!existsSync(file)) return [];
    const identity = JSON.parse(readFileSync(file, 'utf8')) as { readonly enrolled: { readonly host: string } | null };
    return identity.enrolled === null ? [] : [identity.enrolled.host];
  });
}

function run(command: string, args: readonly string[]): void {
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
