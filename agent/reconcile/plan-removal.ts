/**
 * Takes an app off this host because an entry says so: dependents stop before what they depend on, then containers,
 * network, held images and files go; volumes only when a person asked for it. The memory of it goes last. Pure.
 */
import type { RemoveEntry } from '../../fleet/assignment.ts';
import { isOnlyVolumes } from '../state/app-journal.ts';
import { type AppContext, isUp } from './app-context.ts';
import { dependentsOf } from './dependencies.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { planRetirement } from './plan-retirement.ts';
import { unlabelledVolumes } from './plan-volumes.ts';

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
  const unlabelled = unlabelledVolumes(context);
  if (entry.volumes) {
    for (const volume of new Set(context.volumes.map((each) => each.volume))) {
      isDone = false;
      builder.want({ kind: 'remove-volume', app, volume, name: null });
    }
    for (const [volume, name] of Object.entries(unlabelled)) {
      isDone = false;
      builder.want({ kind: 'remove-volume', app, volume, name });
    }
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
  // A later deployment of the app finds its data by what is kept.
  if (isDone && context.hasJournal && !isOnlyVolumes(context.journal)) {
    isDone = false;
    builder.want({ kind: 'forget', app, volumes: unlabelled });
  }
  return isDone;
}
