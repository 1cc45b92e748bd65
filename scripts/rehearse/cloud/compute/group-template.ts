/** What a managed instance group is made of: its own defaults, and each machine from the group's template. */
import { invalid, notFound } from '../google-error.ts';
import { isObject, type Json, type JsonObject, mergePatch, objectAt, objectsAt, textAt } from '../json.ts';
import type { Site } from '../site.ts';
import { lastPart, linkPath, selfLink } from './compute-path.ts';

/** @throws {GoogleError} 400 where the group names no template. */
export function completeGroup(path: string, body: JsonObject): JsonObject {
  const name = lastPart(path);
  const versions = objectsAt(body, 'versions');
  const template = textAt(versions[0] ?? {}, 'instanceTemplate') ?? textAt(body, 'instanceTemplate');
  if (template === undefined) throw invalid('A group needs an instance template.');
  const { resourcePolicies, ...rest } = body;
  return {
    // An empty message is none.
    ...(isObject(resourcePolicies) && Object.keys(resourcePolicies).length > 0 ? { resourcePolicies } : {}),
    ...mergePatch(
      {
        baseInstanceName: name,
        targetSize: 0,
        updatePolicy: {
          type: 'OPPORTUNISTIC',
          minimalAction: 'REPLACE',
          replacementMethod: 'SUBSTITUTE',
          maxSurge: { fixed: 1, calculated: 1 },
          maxUnavailable: { fixed: 1, calculated: 1 },
        },
        instanceLifecyclePolicy: { forceUpdateOnRepair: 'NO', defaultActionOnFailure: 'REPAIR' },
        standbyPolicy: { mode: 'MANUAL', initialDelaySec: 0 },
        listManagedInstancesResults: 'PAGELESS',
        targetStoppedSize: 0,
        targetSuspendedSize: 0,
      },
      rest,
    ),
    instanceTemplate: template,
    versions: (versions.length === 0 ? [{ instanceTemplate: template }] : versions).map((version) => ({
      ...version,
      targetSize: { ...objectAt(version, 'targetSize'), calculated: Number(body['targetSize'] ?? 0) },
    })),
    instanceGroup: selfLink(path.replace('/instanceGroupManagers/', '/instanceGroups/')),
  };
}

/**
 * The instance resource of a member that is called `name`.
 * @throws {GoogleError} 404 where the template is gone.
 */
export function memberFromTemplate(site: Site, path: string, manager: JsonObject, name: string): JsonObject {
  const template = linkPath(textAt(manager, 'instanceTemplate') ?? '') ?? '';
  const stored = site.store.get(`compute/${template}`);
  if (stored === undefined) throw notFound(template);
  const properties = objectAt(stored, 'properties');
  const scope = path.slice(0, path.indexOf('/instanceGroupManagers/'));
  const metadata = objectAt(properties, 'metadata');
  const origin: Json[] = [
    {
      key: 'instance-template',
      value: `projects/${site.projectNumber}/global/instanceTemplates/${lastPart(template)}`,
    },
    { key: 'created-by', value: path.replace(`projects/${site.project}/`, `projects/${site.projectNumber}/`) },
  ];
  return {
    ...properties,
    machineType: selfLink(`${scope}/machineTypes/${lastPart(textAt(properties, 'machineType') ?? '')}`),
    metadata: { ...metadata, items: [...objectsAt(metadata, 'items'), ...origin] },
    disks: objectsAt(properties, 'disks').map((disk, index) =>
      statefulDisk(site, manager, `${scope}/disks/${name}-${index}`, disk),
    ),
  };
}

export function keptDisks(manager: JsonObject): JsonObject {
  return objectAt(objectAt(objectAt(manager, 'statefulPolicy'), 'preservedState'), 'disks');
}

/** A disk that the group's policy keeps is attached again to the machine that comes back under its name. */
function statefulDisk(site: Site, manager: JsonObject, path: string, disk: JsonObject): JsonObject {
  const kept = keptDisks(manager);
  const device = textAt(disk, 'deviceName') ?? '';
  if (!Object.hasOwn(kept, device)) return disk;
  if (site.store.get(`compute/${path}`) === undefined) return { ...disk, autoDelete: false };
  const { initializeParams: _, ...rest } = disk;
  return { ...rest, source: selfLink(path), autoDelete: false };
}
