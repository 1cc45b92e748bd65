/** The app's name, as Compose finds it: said by the caller, COMPOSE_PROJECT_NAME, `name:`, or the folder. */
import { isAppName } from '../fleet/ids.ts';
import type { Lookup } from './source/interpolate.ts';
import { folderOf, lastName } from './source/paths.ts';

export interface ProjectNameSources {
  readonly said: string | undefined;
  readonly lookup: Lookup;
  /** `name:` of the file. */
  readonly stated: string | null;
  readonly firstFile: string;
}

/** Null where none of them gives a usable name (a relative path does not say its folder's name). */
export function projectName(sources: ProjectNameSources): string | null {
  const named = sources.said ?? filled(sources.lookup('COMPOSE_PROJECT_NAME')) ?? sources.stated;
  if (named !== null) return named;
  const folder = lastName(folderOf(sources.firstFile))
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[-_]+/, '')
    .slice(0, 40);
  return isAppName(folder) ? folder : null;
}

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
