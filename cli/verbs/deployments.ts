/** `status`, `watch`, `deployments`, `rollback`, `pause`, `resume`, `cancel`: what moves. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { compareText } from '../../fleet/compare-text.ts';
import { isDeploymentId } from '../../fleet/ids.ts';
import { hasEnded } from '../../fleet/deployment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import { hostsNotShown, renderDeployment, renderDeployments } from '../../protocol/text/deployments.ts';
import { print, withMore } from '../context.ts';
import type { Context } from '../context.ts';
import { REQUIRE_ALL, requireEveryHost } from '../every-host.ts';
import { concludeDeployment, followDeployment } from '../follow-deployment.ts';
import type { RunVerb } from '../verb.ts';
import { parseCountOption, parseLimitOption } from '../duration-option.ts';
import { appArgument } from '../app-argument.ts';

const NOTE = ['--note <text>', 'why; stands in the event log'] as const;

interface RequireOptions {
  readonly requireAll?: boolean;
}

interface NoteOptions {
  readonly note?: string;
}

export function registerDeployments(program: Command, run: RunVerb): void {
  program
    .command('status')
    .description('The newest deployment of every app, of one app, or one deployment')
    .argument('[app-or-deployment]')
    .option('--all', 'a line for every host, however many')
    .action(run(showStatus));
  program
    .command('watch')
    .description('Follow the deployment of an app that is under way; exit code as of `deploy`')
    .argument('<app-or-deployment>')
    .option(...REQUIRE_ALL)
    .action(
      run(async (context: Context, what: string, { requireAll }: RequireOptions) =>
        concludeDeployment(context, await followDeployment(context, await findDeployment(context, what)), requireAll),
      ),
    );
  program
    .command('deployments')
    .description('Deployments, newest first')
    .argument('[app]')
    .option('-n, --limit <count>', 'how many, at most 500', parseLimitOption, 20)
    .action(
      run(async (context: Context, app: string | undefined, options: { limit: number }) => {
        const { items, next } = await (
          await context.api()
        ).call('listDeployments', {
          query: {
            limit: options.limit,
            ...(app === undefined ? {} : { app: appArgument(app) }),
          },
        });
        print(context, items, () => withMore(renderDeployments(items, context.now()), items.length, next));
        return 0;
      }),
    );
  program
    .command('rollback')
    .description('Go back to the succeeded release before the current one, or to a named one')
    .argument('<app>')
    .argument('[release]', 'number of a kept release; see `longshore releases`', parseCountOption)
    .addOption(new Option('--detach', 'do not follow it').conflicts('requireAll'))
    .option(...REQUIRE_ALL)
    .option(...NOTE)
    .action(
      run(
        async (
          context: Context,
          app: string,
          release: number | undefined,
          options: NoteOptions & RequireOptions & { detach?: boolean },
        ) => {
          const deployment = await (
            await context.api()
          ).call('rollback', {
            parameters: { app: appArgument(app) },
            body: { release: release ?? null, note: options.note ?? null },
          });
          if (options.detach === true) {
            print(context, deployment, () => renderDeployment(deployment, context.now()));
            return 0;
          }
          return concludeDeployment(context, await followDeployment(context, deployment), options.requireAll);
        },
      ),
    );
  steer(program, run, 'pause', 'pauseDeployment', 'Start no further host');
  steer(program, run, 'resume', 'resumeDeployment', 'Go on with a paused deployment');
  program
    .command('cancel')
    .description('End a deployment: stop in place, or bring moved hosts back')
    .argument('<app-or-deployment>')
    .option('--rollback', 'moved hosts go back')
    .option(...NOTE)
    .action(
      run(async (context: Context, what: string, options: NoteOptions & { rollback?: boolean }) => {
        const { id } = await findDeployment(context, what);
        const deployment = await (
          await context.api()
        ).call('cancelDeployment', {
          parameters: { deployment: id },
          body: { rollback: options.rollback === true, note: options.note ?? null },
        });
        print(context, deployment, () => renderDeployment(deployment, context.now()));
        return 0;
      }),
    );
}

function steer(
  program: Command,
  run: RunVerb,
  verb: string,
  route: 'pauseDeployment' | 'resumeDeployment',
  text: string,
): void {
  program
    .command(verb)
    .description(text)
    .argument('<app-or-deployment>')
    .option(...NOTE)
    .action(
      run(async (context: Context, what: string, options: NoteOptions) => {
        const { id } = await findDeployment(context, what);
        const deployment = await (
          await context.api()
        ).call(route, { parameters: { deployment: id }, body: { note: options.note ?? null } });
        print(context, deployment, () => renderDeployment(deployment, context.now()));
        return 0;
      }),
    );
}

/** By id, or the newest of an app. */
async function findDeployment(context: Context, what: string): Promise<DeploymentView> {
  const api = await context.api();
  if (isDeploymentId(what)) return api.call('getDeployment', { parameters: { deployment: what } });
  const app = await api.call('getApp', { parameters: { app: appArgument(what) } });
  if (app.deployment === null)
    throw new LongshoreError('NOT_FOUND', `${what} was never deployed`, { hint: 'Deploy it with `longshore deploy`.' });
  return app.deployment;
}

async function withAllSteps(context: Context, what: string): Promise<DeploymentView> {
  const api = await context.api();
  const deployment = await findDeployment(context, what);
  if (hostsNotShown(deployment) === 0) return deployment;
  const parameters = { deployment: deployment.id };
  const steps = await api.all((query) => api.call('listSteps', { parameters, query }));
  return { ...deployment, steps: [...steps].sort((a, b) => a.wave - b.wave || compareText(a.name, b.name)) };
}

async function showStatus(
  context: Context,
  what: string | undefined,
  options: { readonly all?: boolean },
): Promise<number> {
  const api = await context.api();
  if (options.all === true && what === undefined)
    throw new LongshoreError('INPUT_INVALID', '--all needs an app or a deployment');
  const deployments =
    what === undefined
      ? (await api.all((query) => api.call('listApps', { query }))).flatMap((app) =>
          app.deployment === null ? [] : [app.deployment],
        )
      : [options.all === true ? await withAllSteps(context, what) : await findDeployment(context, what)];
  print(context, what === undefined ? deployments : deployments[0], () =>
    deployments.length === 0
      ? 'Nothing was deployed yet.'
      : deployments.map((deployment) => renderDeployment(deployment, context.now())).join('\n\n'),
  );
  // For scripts: a deployment under way or ended well is 0, the rest as `deploy` would have ended.
  const only = what === undefined ? undefined : deployments[0];
  if (only !== undefined) requireEveryHost(only, false);
  return only === undefined || !hasEnded(only.state) || only.state === 'succeeded' ? 0 : concludeQuietly(only);
}

function concludeQuietly(view: DeploymentView): number {
  switch (view.state) {
    case 'rolled_back':
      return 3;
    case 'cancelled':
    case 'superseded':
      return 4;
    case 'queued':
    case 'rolling':
    case 'paused':
    case 'rolling_back':
    case 'succeeded':
      return 0;
    case 'failed':
      return 1;
  }
}
