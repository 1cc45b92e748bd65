/** What is left in the stand-in after everything was destroyed; a fleet leaves only APIs that stay enabled. */
import { readdirSync, readFileSync } from 'node:fs';
import { dockerOutput } from '../vm/docker-command.ts';
import { files, rehearsalLabel } from './cloud/cloud-config.ts';
import { type JsonObject, objectsAt } from './cloud/json.ts';
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';

/** Resources that count, by path. `kept` are a person's own, made before the fleet. */
export function leftResources(resources: Readonly<Record<string, JsonObject>>, kept: readonly string[]): string[] {
  return Object.entries(resources)
    .filter(([path, body]) => {
      if (path.startsWith('tokens/') || path === 'serviceusage/enabled' || path.includes('/operations/')) return false;
      if (path.startsWith('policies/')) return objectsAt(body, 'bindings').length > 0;
      return !kept.some((one) => path === one || path.startsWith(`${one}/`));
    })
    .map(([path]) => path);
}

export async function leftovers(
  folder: RehearsalFolder,
  state: RehearsalState,
  kept: readonly string[],
): Promise<readonly string[]> {
  const resources = JSON.parse(readFileSync(folder.cloud('resources.json'), 'utf8')) as Record<string, JsonObject>;
  const filter = ['--filter', `label=${rehearsalLabel}=${state.name}`];
  const names = await dockerOutput(['ps', '--all', ...filter, '--format', '{{.Names}}']);
  return [
    ...leftResources(resources, kept),
    ...names
      .split('\n')
      .filter((name) => name !== '' && name !== `rehearsal-${state.name}-cloud`)
      .map((name) => `container ${name}`),
    ...readdirSync(folder.cloud(files.disks)).map((disk) => `disk ${disk}`),
  ];
}
