/** What commander refuses, as every other wrong input is shown: with the command that was probably meant. */
import type { Command } from 'commander';
import { problem, type Problem } from '../fleet/errors.ts';

/** What people type first, coming from other tools, and what it is called here. */
export const FAMILIAR: Readonly<Record<string, string>> = {
  up: 'deploy',
  apply: 'deploy',
  ship: 'deploy',
  push: 'deploy',
  build: 'deploy',
  release: 'deploy',
  down: 'rm APP',
  delete: 'rm APP',
  destroy: 'rm APP',
  remove: 'rm APP',
  undeploy: 'rm APP',
  ls: 'apps',
  list: 'apps',
  open: 'apps',
  check: 'plan',
  config: 'plan',
  diff: 'plan',
  validate: 'plan',
  sh: 'exec APP SERVICE -- sh',
  shell: 'exec APP SERVICE -- sh',
  ssh: 'exec APP SERVICE -- sh',
  describe: 'explain HOST',
  info: 'status',
  inspect: 'status',
  log: 'logs APP',
  tail: 'logs APP -f',
  undo: 'rollback APP',
  revert: 'rollback APP',
  history: 'releases APP',
  update: 'pull APP',
  upgrade: 'pull APP',
  abort: 'cancel APP',
  machines: 'hosts',
  nodes: 'hosts',
  servers: 'hosts',
  join: 'enroll-token',
  enroll: 'enroll-token',
  create: 'init',
  new: 'init',
  secret: 'secrets',
  token: 'tokens',
  whoami: 'doctor',
};

/** @param text what commander would print */
export function wrongUse(command: Command, text: string): Problem {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  const path = names.join(' ');
  const help = `\`${path} --help\``;
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*)'\./s, "argument '$2': '$1' is invalid.");
  const wrong = (hint: string, what = message): Problem => problem('INPUT_INVALID', what, { hint });

  const unknown = /^unknown command '([^']*)'/.exec(message);
  if (unknown !== null) {
    const [first, word = ''] = unknown;
    const familiar = command.parent === null && Object.hasOwn(FAMILIAR, word) ? FAMILIAR[word] : undefined;
    return familiar === undefined
      ? wrong(`See ${help}.`)
      : wrong(`Use \`${path} ${familiar}\`; ${help} lists all commands.`, first);
  }
  if (message.startsWith('too many arguments')) {
    const subcommands = command.commands.map((each) => each.name());
    if (subcommands.length > 0)
      return wrong(
        `\`${path}\` has the commands ${subcommands.join(', ')}; see ${help}.`,
        `unknown command '${command.args[0] ?? ''}'`,
      );
    if (command.options.some((option) => option.long === '--file' && option.short === '-f'))
      return wrong(`The app is the one in compose.yaml here. Name another file with -f FILE; see ${help}.`);
  }
  if (/^unknown option '-[vV]'/.test(message)) return wrong(`Use \`${names[0] ?? ''} --version\`; see ${help}.`);
  if (message.startsWith('unknown option') && command.registeredArguments.at(-1)?.name() === 'command')
    return wrong(`Put -- before the command that has options of its own: ${path} ... -- COMMAND; or see ${help}.`);
  return wrong(`See ${help}.`);
}
