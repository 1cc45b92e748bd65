/** `restart`: replaces the instances of the current release, in waves and behind their gates. */
import type { Command } from 'commander';
import { renderDeployment } from '../../protocol/text/deployments.ts';
import { appArgument } from '../app-argument.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import { concludeDeployment, followDeployment } from '../follow-deployment.ts';
import type { RunVerb } from '../verb.ts';

interface RestartOptions {
  readonly detach?: boolean;
  readonly note?: string;
}

export function registerRestart(program: Command, run: RunVerb): void {
  program
    .command('restart')
    .description('Replace the instances of an app with new ones of the same release, host by host as a deployment')
    .argument('<app>')
    .argument('[services...]', 'only these (default: all but one-shots)')
    .option('--detach', 'do not follow it')
    .option('--note <text>', 'why; stands in the event log')
    .action(run(restart));
}

async function restart(
  context: Context,
  app: string,
  services: readonly string[],
  options: RestartOptions,
): Promise<number> {
  const api = await context.api();
  const deployment = await api.call('restartApp', {
    parameters: { app: appArgument(app) },
    body: { services: [...services], note: options.note ?? null },
  });
  if (options.detach !== true) return concludeDeployment(context, await followDeployment(context, deployment));
  print(context, deployment, () => renderDeployment(deployment, context.now()));
  return 0;
}
