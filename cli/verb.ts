/** How a verb is registered: commander parses, the verb gets the context and answers with an exit code. */
import type { Command } from 'commander';
import type { Context } from './context.ts';

/** @returns exit code; nothing = 0 */
export type VerbWork<A extends readonly unknown[]> = (
  context: Context,
  ...parameters: A
) => Promise<number | undefined>;
/** Wraps the work of a verb into a commander action. */
export type RunVerb = <A extends readonly unknown[]>(work: VerbWork<A>) => (...parameters: A) => Promise<void>;
export type RegisterVerb = (program: Command, run: RunVerb) => void;
