/** Takes away files of releases that neither serve nor are the way back. Pure. */
import type { AppContext } from './app-context.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { filesKey } from './prerequisites.ts';
import { protectedInstances } from './plan-retirement.ts';

/** Files are pruned once for each set of kept entries. */
export function planFiles(context: AppContext, builder: PlanBuilder): void {
  const { app, journal, facts } = context;
  if (journal.attempt?.state === 'running' || journal.recovered || journal.committed?.entry == null) return;
  const kept = [journal.committed.entry, journal.previous].filter((entry) => entry !== null);
  if (kept.every((entry) => !usesFiles(entry))) return;
  if (facts.prunedFiles[app] === pruneKey(kept)) return;
  const serving = protectedInstances(context);
  if (context.containers.some((each) => !serving.has(each.instance))) return;
  builder.wantIfFree({ kind: 'prune-files', app, kept });
}

type Entry = Parameters<typeof filesKey>[0];

export function pruneKey(kept: readonly Entry[]): string {
  return kept.map(filesKey).join('|');
}

function usesFiles(entry: Entry): boolean {
  return Object.values(entry.spec.services).some((spec) => spec.secrets.length > 0 || spec.configs.length > 0);
}
