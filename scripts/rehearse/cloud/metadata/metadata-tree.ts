/** What a machine's metadata says, as Google lays it out: folders are objects, a value is a text. */
import { type Json, type JsonObject, listAt, objectAt, objectsAt, textAt } from '../json.ts';
import { lastPart } from '../compute/compute-path.ts';
import { metadataOf, tagsOf } from '../compute/instances.ts';
import type { Site } from '../site.ts';

export interface MetadataFolder {
  readonly [name: string]: string | MetadataFolder;
}

export function metadataTree(site: Site, instance: JsonObject): MetadataFolder {
  const zone = lastPart(textAt(instance, 'zone') ?? '');
  const name = textAt(instance, 'name') ?? '';
  const root = `projects/${site.projectNumber}`;
  const scheduling = objectAt(instance, 'scheduling');
  return {
    instance: {
      attributes: Object.fromEntries(metadataOf(instance)),
      'cpu-platform': 'Rehearsal',
      disks: folderOf(objectsAt(instance, 'disks'), (disk) => ({
        'device-name': textAt(disk, 'deviceName') ?? '',
        index: textAt(disk, 'index') ?? '',
        mode: textAt(disk, 'mode') ?? '',
        type: 'PERSISTENT-BALANCED',
      })),
      hostname: `${name}.${zone}.c.${site.project}.internal`,
      id: textAt(instance, 'id') ?? '',
      image: 'projects/debian-cloud/global/images/debian-13',
      'machine-type': `${root}/machineTypes/${lastPart(textAt(instance, 'machineType') ?? '')}`,
      'maintenance-event': 'NONE',
      name,
      'network-interfaces': folderOf(objectsAt(instance, 'networkInterfaces'), (port) => ({
        'access-configs': folderOf(objectsAt(port, 'accessConfigs'), (access) => ({
          'external-ip': textAt(access, 'natIP') ?? '',
          type: 'ONE_TO_ONE_NAT',
        })),
        gateway: '',
        ip: textAt(port, 'networkIP') ?? '',
        network: `${root}/networks/${lastPart(textAt(port, 'network') ?? '')}`,
      })),
      preempted: 'FALSE',
      scheduling: {
        'automatic-restart': scheduling['automaticRestart'] === false ? 'FALSE' : 'TRUE',
        'on-host-maintenance': textAt(scheduling, 'onHostMaintenance') ?? 'MIGRATE',
        preemptible: scheduling['preemptible'] === true ? 'TRUE' : 'FALSE',
      },
      'service-accounts': accounts(instance),
      tags: JSON.stringify(tagsOf(instance)),
      zone: `${root}/zones/${zone}`,
    },
    project: { attributes: {}, 'numeric-project-id': site.projectNumber, 'project-id': site.project },
  };
}

/** Without `token` and `identity`, which are made when they are asked for. */
function accounts(instance: JsonObject): MetadataFolder {
  const [account] = objectsAt(instance, 'serviceAccounts');
  if (account === undefined) return {};
  const email = textAt(account, 'email') ?? '';
  const shown = { aliases: 'default', email, scopes: listAt(account, 'scopes').map(String).join('\n') };
  return { default: shown, [email]: shown };
}

function folderOf(items: readonly JsonObject[], show: (item: JsonObject) => MetadataFolder): MetadataFolder {
  return Object.fromEntries(items.map((item, index) => [String(index), show(item)]));
}

/** As one document: `machine-type` is `machineType`, numbered folders are lists. What people named keeps its name. */
export function asJson(folder: MetadataFolder, name = ''): Json {
  const entries = Object.entries(folder);
  const inner = (key: string, value: string | MetadataFolder): Json =>
    typeof value === 'string' ? value : asJson(value, key);
  if (entries.every(([key], index) => key === String(index)) && listed.has(name))
    return entries.map(([key, value]) => inner(key, value));
  return Object.fromEntries(
    entries.map(([key, value]) => [
      named.has(name) ? key : key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      inner(key, value),
    ]),
  );
}

const listed = new Set(['disks', 'network-interfaces', 'access-configs']);
const named = new Set(['attributes', 'service-accounts']);
