/** Looks into the machines of a rehearsal, as nobody does at Google: whether an app's container can become its host. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { docker } from '../vm/docker-command.ts';
import { existingVm } from '../vm/run-vm.ts';
import { rehearsalLabel } from './cloud/cloud-config.ts';
import type { RehearsalFolder, RehearsalState } from './rehearsal-folder.ts';

const tokenUrl = 'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token';

/**
 * The machine itself gets its token, a container of the app on it gets none, though it finds names by the same address.
 * @throws with what is wrong
 */
export async function checkMetadataGuard(state: RehearsalState, machine: string, app: string): Promise<void> {
  const vm = existingVm(`rehearsal-${state.name}-${machine}`);
  const own = await vm.output(['curl', '-sS', '-m', '5', '-H', 'Metadata-Flavor: Google', tokenUrl]);
  if (!own.includes('access_token')) throw new Error(`${machine} itself gets no token: ${own.slice(0, 200)}`);
  const listed = await vm.output(['docker', 'ps', '--quiet', '--filter', `label=longshore.app=${app}`]);
  const [container] = listed.split('\n').filter((line) => line !== '');
  if (container === undefined) throw new Error(`no container of ${app} runs on ${machine}`);
  const inside = (...command: string[]) => vm.exec(['docker', 'exec', container, ...command]);
  const asked = await inside('wget', '-q', '-T', '5', '-O', '-', '--header', 'Metadata-Flavor: Google', tokenUrl);
  if (asked.code === 0 || asked.stdout.includes('access_token'))
    throw new Error(`a container of ${app} on ${machine} got the identity of its host`);
  const named = await inside('nslookup', 'metadata.google.internal');
  if (!named.stdout.includes('169.254.169.254'))
    throw new Error(`a container of ${app} on ${machine} finds no names: ${named.stdout}${named.stderr}`);
}

/** Of every machine and of the stand-in, kept when a rehearsal fails, as its containers go. @returns the folder */
export async function keepLogs(folder: RehearsalFolder, state: RehearsalState): Promise<string> {
  const target = `${folder.root}-logs`;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const filter = ['--filter', `label=${rehearsalLabel}=${state.name}`];
  const names = (await docker(['ps', '--all', ...filter, '--format', '{{.Names}}'])).stdout.split('\n');
  for (const name of names.filter((one) => one !== '')) {
    const journal = await existingVm(name).exec(['journalctl', '--no-pager', '--lines', '3000']);
    const text = journal.code === 0 ? journal.stdout : (await docker(['logs', '--tail', '3000', name])).stdout;
    writeFileSync(path.join(target, `${name}.log`), text, { mode: 0o600 });
  }
  return target;
}
