/**
 * What a new release means for the volumes that the app has: a definition that cannot be changed is refused, and another
 * name is another volume. Hosts look again at what they have; here the last release stands for it. Pure.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import type { ProblemDetail } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { imageVolumeKey, uncoveredPaths } from '../../fleet/image-volumes.ts';
import { definitionChanges, isSameVolume, sameLabels } from '../../fleet/volume-definition.ts';
import type { Placement, Target } from '../store/records.ts';

export interface VolumeFindings {
  readonly refused: readonly ProblemDetail[];
  readonly warnings: readonly string[];
}

/** An app and, by service, the paths that its image declares as volumes; null = they are not known. */
export interface DeclaredApp {
  readonly spec: AppSpec;
  readonly declared: Readonly<Record<string, readonly string[] | null>>;
}

/** @param last the last release that succeeded; null = none */
export function volumeFindings(last: DeclaredApp | null, next: DeclaredApp): VolumeFindings {
  const kept = new Set(imageVolumes(next));
  const left = last === null ? [] : imageVolumes(last).filter((volume) => !kept.has(volume));
  const { refused, warnings } = definedVolumes(last?.spec ?? null, next.spec);
  return {
    refused,
    warnings: [
      ...warnings,
      ...left.map(
        (volume) =>
          `Volume ${volume}, which an image declares, is not used any more: its data does not move into another one. It stays on its hosts.`,
      ),
    ],
  };
}

/** Hosts that were to delete the app's volumes and have not yet: what is deployed there now finds the old data. */
export function undeletedVolumes(
  placement: Placement,
  targets: readonly Target[],
  names: ReadonlyMap<HostId, string>,
): readonly string[] {
  const owing = targets.filter((each) => each.kind === 'remove' && each.volumes && Object.hasOwn(placement, each.host));
  if (owing.length === 0) return [];
  const shown = owing.slice(0, 5).map(({ host }) => names.get(host) ?? host);
  const more = owing.length > shown.length ? ` and ${owing.length - shown.length} more` : '';
  return [
    `The app's volumes were to be deleted, and are still there on ${shown.join(', ')}${more}: this release keeps them and finds the old data.`,
  ];
}

function imageVolumes({ spec, declared }: DeclaredApp): readonly string[] {
  return Object.entries(spec.services).flatMap(([name, service]) =>
    uncoveredPaths(declared[name] ?? [], service).map((path) => imageVolumeKey(name, 1, path)),
  );
}

function definedVolumes(before: AppSpec | null, after: AppSpec): VolumeFindings {
  const refused: ProblemDetail[] = [];
  const warnings: string[] = [];
  for (const [name, next] of Object.entries(after.volumes)) {
    const last = before?.volumes[name];
    if (last === undefined) continue;
    if (!isSameVolume(last, next)) {
      warnings.push(
        `Volume ${name} is another one from now on (${title(next.name)} instead of ${title(last.name)}): data does not move. It starts empty where it does not exist; the old one stays on its hosts.`,
      );
      continue;
    }
    // Asked for: where it was deleted it is made by the new definition; where it was not, its host refuses it.
    if (next.external || after.recreateVolumes?.includes(name) === true) continue;
    refused.push(
      ...definitionChanges(last, next).map((change) => ({
        path: `volumes.${name}.${change}`,
        message: `the volume exists and cannot be changed; put the old value back, or give the volume a new \`name\`, which makes a new, empty one`,
        line: null,
        column: null,
      })),
    );
    if (!sameLabels(last, next))
      warnings.push(`Labels of volume ${name} cannot be changed: where it exists it keeps the old ones.`);
  }
  return { refused, warnings };
}

const title = (name: string | null): string => (name === null ? 'its default name' : `"${name}"`);
