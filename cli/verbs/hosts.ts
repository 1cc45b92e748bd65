/** `hosts`, `explain`, `cordon`, `uncordon`, `drain`: the machines. */
import type { Command } from 'commander';
import { LongshoreError } from '../../fleet/errors.ts';
import { renderExplain, renderHost, renderHosts } from '../../protocol/text/hosts.ts';
import { confirmLoss } from '../confirm-loss.ts';
import { print } from '../context.ts';
import type { Context } from '../context.ts';
import type { RunVerb } from '../verb.ts';

export function registerHosts(program: Command, run: RunVerb): void {
  const hosts = program
    .command('hosts')
    .description('Hosts: connected (the agent talks) and converged (it runs what it should)')
    .argument('[host]', 'one host, with its instances')
    .option('--pool <pool>', 'only this pool')
    .action(
      run((context: Context, host: string | undefined, options: { pool?: string }) =>
        host === undefined ? listHosts(context, options.pool) : showHost(context, host),
      ),
    );
  hosts
    .command('remove')
    .description('Remove a host; its key is refused from now on. Asks where the host is connected')
    .argument('<host>')
    .option('--yes', 'do not ask')
    .action(run(removeHost));
  hosts
    .command('adopt')
    .description('Let the machine that asks be this host again, with its containers, volumes and a new key')
    .argument('<host>')
    .option('--key <fingerprint>', 'of the key of the machine (needed); without it those that ask are listed')
    .option('--note <text>', 'why; stands in the event log')
    .action(
      run(async (context: Context, host: string, options: { key?: string; note?: string }) => {
        const body = { key: options.key ?? null, note: options.note ?? null };
        const view = await (await context.api()).call('adoptHost', { parameters: { host }, body });
        print(
          context,
          view,
          () =>
            `${view.name} (${view.id}) is adopted. Its agent connects within a minute; see \`longshore explain ${view.name}\`.`,
        );
        return 0;
      }),
    );
  hosts
    .command('label')
    .description("Set a host's own labels, which win over its agent's and its pool's (KEY=VALUE; KEY= takes one away)")
    .argument('<host>')
    .argument('[labels...]')
    .option('--inherit <keys>', 'labels that agent and pool say again, as KEY,KEY')
    .option('--note <text>', 'why; stands in the event log')
    .action(run(labelHost));

  program
    .command('explain')
    .description('Why a host is not on its target, since when, and what happens next')
    .argument('<host>')
    .action(
      run(async (context: Context, host: string) => {
        const explain = await (await context.api()).call('explainHost', { parameters: { host } });
        print(context, explain, () => renderExplain(explain, context.now()));
        return 0;
      }),
    );
  availability(program, run, 'cordon', 'paused', 'Give a host nothing new (it keeps what it runs)');
  availability(program, run, 'uncordon', 'active', 'Let a cordoned or drained host get work again');
  availability(program, run, 'drain', 'draining', 'Take everything off a host; replicas move to others');
}

async function listHosts(context: Context, pool: string | undefined): Promise<number> {
  const api = await context.api();
  const hosts = await api.all((query) =>
    api.call('listHosts', { query: { ...query, ...(pool === undefined ? {} : { pool }) } }),
  );
  print(context, hosts, () => renderHosts(hosts, context.now()));
  return 0;
}

async function showHost(context: Context, host: string): Promise<number> {
  const view = await (await context.api()).call('getHost', { parameters: { host } });
  print(context, view, () => renderHost(view, context.now()));
  return 0;
}

/** A host that is gone is removed without a question; one that is connected may have been meant to be another one. */
async function removeHost(context: Context, host: string, options: { yes?: boolean }): Promise<number> {
  const api = await context.api();
  const { id, name, connected, apps } = await api.call('getHost', { parameters: { host } });
  if (connected) {
    const left = apps.map(({ app }) => app).join(', ') || 'no app';
    const lost = [
      `${name} is connected and runs ${left}`,
      `nothing updates what it keeps running, and it comes back only with a new token; \`longshore drain ${name}\` moves replicas off first`,
    ];
    await confirmLoss(context, { operation: `remove host ${name}`, lost, name }, options.yes === true);
  }
  await api.call('removeHost', { parameters: { host: id } });
  print(context, { removed: host }, () => `Removed ${name}. Its containers keep running until they are stopped there.`);
  return 0;
}

async function labelHost(
  context: Context,
  host: string,
  words: readonly string[],
  options: { inherit?: string; note?: string },
): Promise<number> {
  const inheritLabels = (options.inherit ?? '').split(',').filter((key) => key !== '');
  if (words.length + inheritLabels.length === 0)
    throw new LongshoreError('INPUT_INVALID', `label ${host}: there is no label to change`, {
      hint: 'For example zone=a; zone= takes it away; --inherit zone lets agent and pool say it again.',
    });
  const labels: Record<string, string | null> = {};
  for (const word of words) {
    const match = /^([^=]+)=(.*)$/.exec(word);
    if (match === null)
      throw new LongshoreError('INPUT_INVALID', `label ${host}: \`${word}\` is not KEY=VALUE`, {
        hint: 'For example zone=a; zone= takes it away.',
      });
    const [, key = '', value = ''] = match;
    labels[key] = value === '' ? null : value;
  }
  const api = await context.api();
  const body = { labels, inheritLabels, note: options.note ?? null };
  const view = await api.call('patchHost', { parameters: { host }, body });
  print(context, view, () => renderHost(view, context.now()));
  return 0;
}

function availability(
  program: Command,
  run: RunVerb,
  verb: string,
  value: 'active' | 'paused' | 'draining',
  text: string,
): void {
  program
    .command(verb)
    .description(text)
    .argument('<host>')
    .option('--note <text>', 'why; stands in the event log')
    .action(
      run(async (context: Context, host: string, options: { note?: string }) => {
        const view = await (
          await context.api()
        ).call('patchHost', { parameters: { host }, body: { availability: value, note: options.note ?? null } });
        print(context, view, () => renderHost(view, context.now()));
        return 0;
      }),
    );
}
