/** `scale`: other replicas until the app file is deployed again. */
import type { Command } from 'commander';
import { LongshoreError } from '../../fleet/errors.ts';
import { plainJson } from '../../protocol/text/plain-text.ts';
import { appArgument } from '../app-argument.ts';
import type { Context } from '../context.ts';
import { concludeDeployment, followDeployment } from '../follow-deployment.ts';
import type { RunVerb } from '../verb.ts';

interface ScaleOptions {
  readonly detach?: boolean;
  readonly note?: string;
}

export function registerScale(program: Command, run: RunVerb): void {
  program
    .command('scale')
    .description('Run another number of instances of a service, over all hosts, until the app file is deployed again')
    .argument('<app>')
    .argument('<replicas...>', 'SERVICE=N')
    .option('--detach', 'do not follow the deployment')
    .option('--note <text>', 'why; stands in the event log')
    .action(run(scale));
}

async function scale(context: Context, name: string, words: readonly string[], options: ScaleOptions): Promise<number> {
  const app = appArgument(name);
  const replicas = readReplicas(words);
  const api = await context.api();
  const body = { replicas, note: options.note ?? null };
  const { deployment, text } = await api.call('scaleApp', { parameters: { app }, body });
  if (!context.json) context.terminal.out(text);
  if (deployment !== null && options.detach !== true)
    return concludeDeployment(context, await followDeployment(context, deployment));
  if (context.json) context.terminal.out(plainJson({ deployment, text }, 2));
  return 0;
}

/** @throws INPUT_INVALID */
function readReplicas(words: readonly string[]): Readonly<Record<string, number>> {
  const replicas = new Map<string, number>();
  for (const word of words) {
    const match = /^([^=]+)=(\d{1,9})$/.exec(word);
    const [, service = '', count = ''] = match ?? [];
    if (match === null || replicas.has(service))
      throw new LongshoreError(
        'INPUT_INVALID',
        match === null ? `scale: \`${word}\` is not SERVICE=N` : `scale: ${service} is named twice`,
        { hint: 'For example `longshore scale shop web=3`.' },
      );
    replicas.set(service, Number(count));
  }
  return Object.fromEntries(replicas);
}
