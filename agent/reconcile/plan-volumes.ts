/**
 * What the journal remembers of an app's volumes: those that its committed instances have mounted. Written down as soon
 * as it is seen, long before anything happens to the containers that it was seen in. Pure.
 */
import { isImageVolumeKey } from '../../fleet/image-volumes.ts';
import { isAnonymousVolume } from '../engine/engine-names.ts';
import { type AppContext, findContainer } from './app-context.ts';
import { mountedVolumes } from './app-volumes.ts';
import type { PlanBuilder } from './plan-builder.ts';

export function planVolumeNotes(context: AppContext, builder: PlanBuilder): void {
  const { app, journal } = context;
  const entry = journal.committed?.entry ?? null;
  if (entry === null || builder.has(`journal:${app}`)) return;
  const volumes: Record<string, string> = {};
  for (const { instance } of Object.values(journal.committed?.instances ?? {})) {
    const container = findContainer(context, instance);
    if (container === undefined) continue;
    for (const [volume, name] of Object.entries(mountedVolumes(context, entry, container)))
      if (journal.volumes[volume] !== name && !losesData(journal.volumes[volume], volume, name)) volumes[volume] = name;
  }
  if (Object.keys(volumes).length > 0) builder.want({ kind: 'note-volumes', app, volumes });
}

/** The note may be all that leads to the data, and an anonymous volume beside it is one that Docker made, empty. */
function losesData(noted: string | undefined, volume: string, name: string): boolean {
  return noted !== undefined && isImageVolumeKey(volume) && isAnonymousVolume(name);
}

/** Volumes with data of the app that only the journal can find: anonymous ones that were taken over. */
export function unlabelledVolumes(context: AppContext): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(context.journal.volumes).filter(
      ([volume, name]) => isImageVolumeKey(volume) && isAnonymousVolume(name),
    ),
  );
}
