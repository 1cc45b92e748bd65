/** `rm`, also `apps remove`: takes an app off every host, after asking; volumes and secrets go only where it is asked for. */
import type { Command } from 'commander';
import type { AppName } from '../../fleet/ids.ts';
import type { ApiClient } from '../client/api-client.ts';
import { confirmLoss } from '../confirm-loss.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import type { RunVerb } from '../verb.ts';
import { appArgument } from '../app-argument.ts';

interface RemoveOptions {
  readonly volumes?: boolean;
  readonly secrets?: boolean;
  readonly yes?: boolean;
}

export function registerRemove(program: Command, run: RunVerb): void {
  addRemove(program, 'rm', run);
}

/** @param name of the verb below `parent` */
export function addRemove(parent: Command, name: string, run: RunVerb): void {
  parent
    .command(name)
    .description('Remove an app from every host; asks first, and keeps its volumes and secrets')
    .argument('<app>')
    .option('--volumes', 'delete its volumes too: their data is lost')
    .option('--secrets', 'delete its secrets too')
    .option('--yes', 'do not ask')
    .action(run(removeApp));
}

async function removeApp(context: Context, name: string, options: RemoveOptions): Promise<number> {
  const app = appArgument(name);
  const api = await context.api();
  const parts = { volumes: options.volumes === true, secrets: options.secrets === true };
  const [{ hosts }, volumes, secrets] = await Promise.all([
    api.call('appHealth', { parameters: { app } }),
    volumesOf(api, app),
    secretsOf(api, app),
  ]);
  const away = hosts.filter(({ connected }) => !connected).map(({ host }) => host);
  const lost = [
    `${app} is removed ${fromHosts(hosts.map(({ host }) => host))}`,
    volumesText(volumes, parts.volumes),
    ...(secrets.length === 0 ? [] : [secretsText(app, secrets, parts.secrets)]),
  ];
  await confirmLoss(context, { operation: `remove ${app}`, lost, name: app }, options.yes === true);
  await api.call('removeApp', {
    parameters: { app },
    query: { volumes: parts.volumes ? 'true' : 'false', secrets: parts.secrets ? 'true' : 'false' },
  });
  const kept = { volumes: parts.volumes ? [] : volumes, secrets: parts.secrets ? [] : secrets };
  print(context, { removing: app, kept }, () =>
    [
      `${app} is being removed from every host. \`longshore hosts\` shows them as converged when it is done.`,
      ...(away.length === 0 ? [] : [`Not connected, and removed there later: ${firstOf(away)}.`]),
      ...(kept.volumes.length === 0 ? [] : [`Kept on the hosts: volumes ${kept.volumes.join(', ')}.`]),
      ...(kept.secrets.length === 0
        ? []
        : [`Kept: secrets ${kept.secrets.join(', ')}. Delete one with \`longshore secrets remove ${app} NAME\`.`]),
    ].join('\n'),
  );
  return 0;
}

function volumesText(volumes: readonly string[], areDeleted: boolean): string {
  const names = volumes.join(', ');
  if (areDeleted)
    return `volumes whose data is lost: ${names || 'none in the app file'}, and any that its images declare`;
  return names === '' ? 'its volumes are kept' : `its volumes are kept: ${names} (--volumes deletes them)`;
}

function secretsText(app: AppName, secrets: readonly string[], areDeleted: boolean): string {
  const names = secrets.join(', ');
  return areDeleted
    ? `secrets that are deleted: ${names}`
    : `the secrets of ${app} are kept: ${names} (--secrets deletes them)`;
}

const HOSTS_SHOWN = 20;

function fromHosts(names: readonly string[]): string {
  return names.length === 0 ? 'from the list of apps; no host runs it' : `from ${firstOf(names)}`;
}

function firstOf(names: readonly string[]): string {
  const shown = names.slice(0, HOSTS_SHOWN).join(', ');
  return `${shown}${names.length > HOSTS_SHOWN ? ` and ${names.length - HOSTS_SHOWN} more` : ''}`;
}

/** Those that the app files of kept releases name. */
async function volumesOf(api: ApiClient, app: AppName): Promise<readonly string[]> {
  const releases = await api.all((query) => api.call('listReleases', { parameters: { app }, query }));
  const names = releases.flatMap(({ spec }) =>
    Object.entries(spec.volumes).flatMap(([volume, { external }]) => (external ? [] : [volume])),
  );
  return [...new Set(names)].sort();
}

async function secretsOf(api: ApiClient, app: AppName): Promise<readonly string[]> {
  const secrets = await api.all((query) => api.call('listSecrets', { parameters: { app }, query }));
  return secrets.map(({ name }) => name);
}
