/** `ps`: the instances of an app, or of all apps, over their hosts. */
import type { Command } from 'commander';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { ReleaseView } from '../../protocol/http-api/views.ts';
import { instanceRows, renderInstances } from '../../protocol/text/instances.ts';
import type { ApiClient } from '../client/api-client.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import type { RunVerb } from '../verb.ts';
import { appArgument } from '../app-argument.ts';

export function registerPs(program: Command, run: RunVerb): void {
  program
    .command('ps')
    .description('Instances with their host, release, state, uptime and image')
    .argument('[app]', 'only this app')
    .action(run(showInstances));
}

async function showInstances(context: Context, name: string | undefined): Promise<number> {
  const api = await context.api();
  const app = name === undefined ? null : appArgument(name);
  const filter = app === null ? {} : { app };
  const hosts = await api.all((query) => api.call('listHosts', { query: { ...query, ...filter } }));
  const apps = app === null ? [...new Set(hosts.flatMap((host) => host.apps.map((each) => each.app)))] : [app];
  const releases: ReleaseView[] = [];
  // One app at a time: each answer holds whole app files.
  for (const each of apps) {
    try {
      releases.push(...(await releasesOf(api, each)));
    } catch (error) {
      // Its last instances are on their way out.
      const isLeaving = hosts.some((host) => host.apps.some(({ app: left }) => left === each));
      if (!isLeaving || !(error instanceof LongshoreError) || error.code !== 'NOT_FOUND') throw error;
    }
  }
  const rows = instanceRows(hosts, releases, app);
  print(context, rows, () => renderInstances(rows, context.now()));
  return 0;
}

function releasesOf(api: ApiClient, app: AppName): Promise<readonly ReleaseView[]> {
  return api.all((query) => api.call('listReleases', { parameters: { app }, query }));
}
