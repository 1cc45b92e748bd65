/** `completion`: a script for bash, zsh or fish, made from the table of verbs itself. */
import { Argument } from 'commander';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { RunVerb } from '../verb.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface CompletionVerb {
  readonly name: string;
  readonly summary: string;
  /** Sub-verbs and long flags. */
  readonly words: readonly string[];
}

export function registerCompletion(program: Command, run: RunVerb): void {
  program
    .command('completion')
    .description('Print a completion script: eval "$(longshore completion bash)"')
    .addArgument(new Argument('<shell>').choices([...SHELLS]))
    .action(
      run((context: Context, shell: Shell) => {
        context.terminal.out(renderCompletion(shell, verbsOf(program)));
        return Promise.resolve(0);
      }),
    );
}

function verbsOf(program: Command): readonly CompletionVerb[] {
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    words: [
      ...command.commands.map((sub) => sub.name()),
      ...command.options.flatMap((option) => (option.long === undefined ? [] : [option.long])),
    ],
  }));
}

/** Pure: the script's text. */
export function renderCompletion(shell: Shell, verbs: readonly CompletionVerb[]): string {
  switch (shell) {
    case 'bash':
      return renderBash(verbs);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${renderBash(verbs)}`;
    case 'fish':
      return [
        'complete -c longshore -f',
        ...verbs.map(
          (verb) => `complete -c longshore -n __fish_use_subcommand -a ${verb.name} -d ${quote(verb.summary)}`,
        ),
        ...verbs
          .filter((verb) => verb.words.length > 0)
          .map(
            (verb) =>
              `complete -c longshore -n ${quote(`__fish_seen_subcommand_from ${verb.name}`)} -a ${quote(verb.words.join(' '))}`,
          ),
      ].join('\n');
  }
}

function renderBash(verbs: readonly CompletionVerb[]): string {
  return [
    '_longshore() {',
    '  local word=${COMP_WORDS[COMP_CWORD]}',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    mapfile -t COMPREPLY < <(compgen -W ${quote(verbs.map((verb) => verb.name).join(' '))} -- "$word")`,
    '    return',
    '  fi',
    '  case ${COMP_WORDS[1]} in',
    ...verbs
      .filter((verb) => verb.words.length > 0)
      .map(
        (verb) => `    ${verb.name}) mapfile -t COMPREPLY < <(compgen -W ${quote(verb.words.join(' '))} -- "$word") ;;`,
      ),
    '  esac',
    '}',
    'complete -o default -F _longshore longshore',
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
