/** `completion`: a script for bash, zsh or fish, made from the table of verbs itself. */
import { Argument } from 'commander';
import type { Command } from 'commander';
import { shellQuote } from '../../fleet/shell-quote.ts';
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
      return renderZsh(verbs);
    case 'fish':
      return [
        'complete -c longshore -f',
        ...verbs.map(
          (verb) => `complete -c longshore -n __fish_use_subcommand -a ${verb.name} -d ${shellQuote(verb.summary)}`,
        ),
        ...verbs
          .filter((verb) => verb.words.length > 0)
          .map(
            (verb) =>
              `complete -c longshore -n ${shellQuote(`__fish_seen_subcommand_from ${verb.name}`)} -a ${shellQuote(verb.words.join(' '))}`,
          ),
      ].join('\n');
  }
}

/** Words are split where they are used: macOS has bash 3.2, which knows no `mapfile`. */
function renderBash(verbs: readonly CompletionVerb[]): string {
  const complete = (words: readonly string[]): string =>
    `COMPREPLY=($(compgen -W ${shellQuote(words.join(' '))} -- "$word"))`;
  return [
    '_longshore() {',
    '  local word="${COMP_WORDS[COMP_CWORD]}"',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    ${complete(verbs.map((verb) => verb.name))}`,
    '    return',
    '  fi',
    '  case "${COMP_WORDS[1]}" in',
    ...verbs.filter((verb) => verb.words.length > 0).map((verb) => `    ${verb.name}) ${complete(verb.words)} ;;`),
    '  esac',
    '}',
    'complete -o default -F _longshore longshore',
  ].join('\n');
}

/** In zsh's own terms, so that verbs come with their summaries; `compinit` is loaded where the user has not. */
function renderZsh(verbs: readonly CompletionVerb[]): string {
  return [
    '(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }',
    '_longshore() {',
    '  if (( CURRENT == 2 )); then',
    '    local -a verbs',
    `    verbs=(${verbs.map((verb) => shellQuote(`${verb.name}:${verb.summary.replaceAll(':', String.raw`\:`)}`)).join(' ')})`,
    "    _describe 'verb' verbs",
    '    return',
    '  fi',
    '  case "$words[2]" in',
    ...verbs
      .filter((verb) => verb.words.length > 0)
      .map((verb) => `    ${verb.name}) compadd -- ${verb.words.map(shellQuote).join(' ')} && return ;;`),
    '  esac',
    '  _files',
    '}',
    'compdef _longshore longshore',
  ].join('\n');
}
