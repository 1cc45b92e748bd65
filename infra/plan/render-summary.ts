/** A plan's summary as a person reads it, worst last, so that a destroyed thing stands right above the next command. */
import type { Change, ChangeKind, PlanSummary } from './plan-summary.ts';

/** Past this many additions or changes the rest is counted only; `terraform show` has them all. What goes is never cut. */
const SHOWN = 30;
const ORDER: readonly ChangeKind[] = ['add', 'change', 'forget', 'replace', 'destroy'];
const WORDS: Readonly<Record<ChangeKind, { readonly sign: string; readonly done: string }>> = {
  add: { sign: '+', done: 'to add' },
  change: { sign: '~', done: 'to change' },
  forget: { sign: '.', done: 'to forget (it stays, and Terraform no longer knows it)' },
  replace: { sign: '±', done: 'to replace' },
  destroy: { sign: '-', done: 'to destroy' },
};

export function renderSummary({ changes, machines, drift }: PlanSummary): string {
  if (changes.length === 0) return 'Nothing to do.';
  const blocks = ORDER.map((kind) => changes.filter((change) => change.kind === kind))
    .filter((found) => found.length > 0)
    .map(renderKind);
  if (machines.length > 0) blocks.push(['Machines per group', ...machines.map((line) => `  ${line}`)].join('\n'));
  if (drift.length > 0)
    blocks.push(
      ['Changed by others since the last apply, and changed back', ...drift.map((line) => `  ${line}`)].join('\n'),
    );
  blocks.push(total(changes));
  return blocks.join('\n\n');
}

function renderKind(changes: readonly Change[]): string {
  const [first] = changes;
  if (first === undefined) return '';
  const { sign, done } = WORDS[first.kind];
  const shown = first.kind === 'add' || first.kind === 'change' ? SHOWN : changes.length;
  const lines = changes.slice(0, shown).map((change) => `  ${sign} ${change.address}${because(change)}`);
  if (changes.length > shown) lines.push(`    and ${changes.length - shown} more`);
  return [`${changes.length} ${done}`, ...lines].join('\n');
}

function because({ kind, keys, reason }: Change): string {
  const found = [...keys, ...(reason === null ? [] : [reason])];
  if (found.length === 0) return '';
  return kind === 'replace' ? `  because of ${found.join(', ')}` : `  ${found.join(', ')}`;
}

function total(changes: readonly Change[]): string {
  const count = (kind: ChangeKind): number => changes.filter((change) => change.kind === kind).length;
  return `Plan: ${count('add')} to add, ${count('change')} to change, ${count('replace')} to replace, ${count('destroy')} to destroy.`;
}
