/**
 * Takes an app off this host because an entry says so: dependents stop before what they depend on, then containers,
 * network, held images and files go; volumes only when a person asked for it. The memory of it goes last. Pure.
 */
import type { RemoveEntry } from '../../fleet/assignment.ts';
import { type AppContext, isUp } from './app-context.ts';
import { dependentsOf } from './dependencies.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { planRetirement } from './plan-retirement.ts';

/** @returns whether nothing is left */
export function planRemoval(context: AppContext, builder: PlanBuilder, entry: RemoveEntry): boolean {
  const { app } = context;
  if (context.containers.length > 0) {
    const running = new Set(context.containers.filter(isUp).map((each) => each.service));
    const known = context.journal.committed?.entry ?? context.journal.attempt?.entry ?? null;
    for (const container of context.containers) {
      const dependents = known === null ? [] : dependentsOf(known, container.service);
      if (!dependents.some((service) => running.has(service))) planRetirement(context, builder, container);
    }
    builder.wait(`${context.containers.length} containers are being removed`);
    return false;
  }
  let isDone = true;
  if (context.network !== null) {
    isDone = false;
    builder.want({ kind: 'remove-network', app });
  }
  for (const { volume } of entry.volumes ? context.volumes : []) {
    isDone = false;
    builder.want({ kind: 'remove-volume', app, volume });
  }
  if (context.facts.held === null) {
    isDone = false;
    builder.wait('held images are not known yet');
  }
  for (const held of context.facts.held ?? []) {
    if (held.app !== app) continue;
    isDone = false;
    builder.want({ kind: 'release-image', app, held });
  }
  if (!isDone) builder.wait('network and images are being removed');
  if (isDone && context.hasJournal) {
    isDone = false;
    builder.want({ kind: 'forget', app });
  }
  return isDone;
}
