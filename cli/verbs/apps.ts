/** `apps`, `releases`, `pull`, `events`: what runs and what happened. */
import type { Command } from 'commander';
import { LongshoreError } from '../../fleet/errors.ts';
import { plainJson } from '../../protocol/text/plain-text.ts';
import type { Page } from '../../protocol/http-api/page.ts';
import type { EventView } from '../../protocol/http-api/views.ts';
import { renderAppHealth, renderApps, renderEvent, renderEvents, renderReleases } from '../../protocol/text/apps.ts';
import { appArgument } from '../app-argument.ts';
import { print, withMore } from '../context.ts';
import type { Context } from '../context.ts';
import { parsePastOption } from '../duration-option.ts';
import { concludeDeployment, followDeployment } from '../follow-deployment.ts';
import { EventFollower } from '../follow-events.ts';
import type { RunVerb } from '../verb.ts';
import { addRemove } from './rm.ts';

export function registerApps(program: Command, run: RunVerb): void {
  const apps = program
    .command('apps')
    .description('Apps and where they are reached')
    .argument('[app]', 'health of one app over its hosts')
    .action(
      run((context: Context, app: string | undefined) =>
        app === undefined ? listApps(context) : showHealth(context, app),
      ),
    );
  addRemove(apps, 'remove', run);
  apps
    .command('unquarantine')
    .description('Allow digests again that failed their gate or that a rollback holds')
    .argument('<app>')
    .action(
      run(async (context: Context, app: string) => {
        await (await context.api()).call('releaseQuarantine', { parameters: { app: appArgument(app) } });
        print(context, { released: app }, () => `No digest of ${app} is quarantined any more.`);
        return 0;
      }),
    );

  program
    .command('releases')
    .description('Kept releases of an app, newest first')
    .argument('<app>')
    .action(
      run(async (context: Context, app: string) => {
        const api = await context.api();
        const parameters = { app: appArgument(app) };
        const items = await api.all((query) => api.call('listReleases', { parameters, query }));
        print(context, items, () => renderReleases(items, context.now()));
        return 0;
      }),
    );

  program
    .command('pull')
    .description('Ask the registry now; a newer image becomes a release and is deployed')
    .argument('<app>')
    .option('--detach', 'do not follow the deployment')
    .option('--note <text>', 'why; stands in the event log')
    .action(
      run(async (context: Context, app: string, options: { detach?: boolean; note?: string }) => {
        const { deployment, text } = await (
          await context.api()
        ).call('pullApp', { parameters: { app: appArgument(app) }, body: { note: options.note ?? null } });
        if (!context.json) context.terminal.out(text);
        if (deployment === null || options.detach === true) {
          if (context.json) context.terminal.out(plainJson({ deployment, text }, 2));
          return 0;
        }
        return concludeDeployment(context, await followDeployment(context, deployment));
      }),
    );

  program
    .command('events')
    .description('The event log: who or what did what, and why')
    .option('--app <app>', 'only this app')
    .option('--host <host>', 'only this host')
    .option('--kind <kind>', 'only this kind, such as deployment.succeeded')
    .option('-n, --limit <count>', 'how many, at most 500; 0 with --follow', parsePastOption, 50)
    .option('-f, --follow', 'go on with what happens')
    .action(run(showEvents));
}

async function listApps(context: Context): Promise<number> {
  const api = await context.api();
  const apps = await api.all((query) => api.call('listApps', { query }));
  print(context, apps, () => renderApps(apps));
  return 0;
}

async function showHealth(context: Context, app: string): Promise<number> {
  const health = await (await context.api()).call('appHealth', { parameters: { app: appArgument(app) } });
  print(context, health, () => renderAppHealth(health));
  return 0;
}

interface EventOptions {
  readonly app?: string;
  readonly host?: string;
  readonly kind?: string;
  readonly limit: number;
  readonly follow?: boolean;
}

async function showEvents(context: Context, options: EventOptions): Promise<number> {
  const filter = {
    ...(options.app === undefined ? {} : { app: appArgument(options.app) }),
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.kind === undefined ? {} : { kind: options.kind }),
  };
  const api = await context.api();
  const { limit } = options;
  if (options.follow === true)
    return followEvents(context, options, (query) => api.call('listEvents', { query: { ...query, ...filter } }));
  if (limit === 0)
    throw new LongshoreError('INPUT_INVALID', 'events --limit 0: none of the past is only a question with --follow', {
      hint: 'Write a number from 1 to 500, or add --follow.',
    });
  const { items, next } = await api.call('listEvents', { query: { limit, ...filter } });
  print(context, items, () => withMore(renderEvents(items), items.length, next));
  return 0;
}

function showEvent(context: Context, event: EventView): void {
  context.terminal.out(context.json ? plainJson(event) : renderEvent(event));
}

type ListEvents = (query: { limit: number; cursor?: string }) => Promise<Page<EventView>>;

async function followEvents(context: Context, options: EventOptions, list: ListEvents): Promise<number> {
  const host = options.host === undefined ? null : await hostIdOf(context, options.host);
  const client = await context.openConsole();
  context.signal.addEventListener('abort', () => client.close(), { once: true });
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const follower = new EventFollower({
    past: options.limit,
    list: (limit, cursor) => list({ limit, ...(cursor === null ? {} : { cursor }) }),
    matches: (event) =>
      (host === null || event.host === host) && (options.kind === undefined || event.kind === options.kind),
    show: (event) => showEvent(context, event),
    onFault: (error) => fail(error),
  });
  const app = options.app === undefined ? null : appArgument(options.app);
  const call = client.call({ kind: 'watch', app, deployment: null }, (frame) => follower.onFrame(frame));
  try {
    return await Promise.race([call.finished, failed]);
  } catch (error) {
    if (context.signal.aborted) return 0;
    throw error;
  } finally {
    client.close();
  }
}

/** Events name a host by its id. One that was removed is known by nothing else. */
async function hostIdOf(context: Context, host: string): Promise<string> {
  try {
    return (await (await context.api()).call('getHost', { parameters: { host } })).id;
  } catch (error) {
    if (error instanceof LongshoreError && error.code === 'NOT_FOUND') return host;
    throw error;
  }
}
