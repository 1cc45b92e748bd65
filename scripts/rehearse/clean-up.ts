/** Ends a rehearsal and removes what it made, and nothing else: what carries its label, its images and its folder. */
import { existsSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { docker, dockerOutput } from '../vm/docker-command.ts';
import { diskFolder, files, rehearsalLabel } from './cloud/cloud-config.ts';
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';
import { containerName, loopDeviceFlags, nodeImage } from './stand-in.ts';

/** Every part may be gone already. */
export async function cleanUp(folder: RehearsalFolder, state: RehearsalState): Promise<void> {
  const label = `label=${rehearsalLabel}=${state.name}`;
  // The stand-in first, as it would start again what goes away; it then cannot begin anything that is not seen below.
  await docker(['rm', '--force', '--volumes', containerName(state)]);
  const containers = lines(await dockerOutput(['ps', '--all', '--quiet', '--filter', label]));
  if (containers.length > 0) await docker(['rm', '--force', '--volumes', ...containers]);
  await docker(['network', 'rm', state.network]);
  await detachDisks(folder, state);
  const images = lines(
    await dockerOutput(['images', '--format', '{{.Repository}}:{{.Tag}}', `127.0.0.1:${state.registryPort}/*/*/*`]),
  );
  if (images.length > 0) await docker(['image', 'rm', ...images]);
  const left = lines(await dockerOutput(['ps', '--all', '--format', '{{.Names}}', '--filter', label]));
  if (left.length > 0) throw new Error(`these containers could not be removed: ${left.join(', ')}`);
  folder.remove();
  if (state.startedEngine) spawnSync('bash', ['scripts/engine.sh', 'engine-down'], { stdio: 'inherit' });
}

/** Loop devices are the kernel's: they stay when the file is gone, until somebody lets go of them. */
async function detachDisks(folder: RehearsalFolder, state: RehearsalState): Promise<void> {
  const disks = folder.cloud(files.disks);
  if (!existsSync(disks) || readdirSync(disks).length === 0) return;
  const script = `losetup -a | grep -F ' ${diskFolder(state.name)}/' | cut -d: -f1 | while read -r device; do losetup -d "$device"; done`;
  await dockerOutput(['run', '--rm', '--network', 'none', ...loopDeviceFlags, nodeImage, 'sh', '-c', script]);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
