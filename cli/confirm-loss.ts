/** Before something is lost that cannot be had back: a person at a terminal types a name, a script states it with `--yes`. */
import { createInterface } from 'node:readline';
import { LongshoreError } from '../fleet/errors.ts';
import type { Context } from './context.ts';

export interface Loss {
  /** Begins the errors: `remove shop with its volumes`. */
  readonly operation: string;
  /** What is lost, as lines. */
  readonly lost: readonly string[];
  /** Typed to go on. */
  readonly name: string;
}

/** @throws INPUT_INVALID where nothing or something else was typed, or no terminal is there to ask */
export async function confirmLoss(context: Context, loss: Loss, yes: boolean): Promise<void> {
  if (yes) return;
  const { stdin } = context.terminal.streams;
  if (stdin.isTTY !== true)
    throw new LongshoreError('INPUT_INVALID', `${loss.operation}: ${loss.lost.join('; ')}; nothing was removed`, {
      hint: 'Add --yes to confirm, or run it in a terminal, where it asks.',
    });
  for (const line of loss.lost) context.terminal.err(line);
  if ((await nextLine(context, `Type ${loss.name} to confirm: `)).trim() !== loss.name)
    throw new LongshoreError('INPUT_INVALID', `${loss.operation}: not confirmed; nothing was removed`, {
      hint: `Type exactly ${loss.name}, or add --yes.`,
    });
}

/** Empty where the input ends first. */
function nextLine({ terminal, signal }: Context, prompt: string): Promise<string> {
  const { stdin, stderr } = terminal.streams;
  const lines = createInterface({ input: stdin, output: stderr, signal });
  lines.setPrompt(prompt);
  lines.prompt();
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => resolve(''));
  });
}
