/**
 * What our objects are called in the engine. Every name holds the host's id (many agents on one engine), and a
 * container's name follows from host and instance alone: so no look-up is needed before a call, and a create that was
 * cut off is found again by Docker's own 409.
 */
import { isImageVolumeKey } from '../../fleet/image-volumes.ts';
import { isAppName, type AppName, type Digest, type HostId, type InstanceId } from '../../fleet/ids.ts';

/** Registry name under which we tag what we hold; nobody can push to it or pull from it. */
const OWN_REGISTRY = 'longshore.local';

/** One component of an image repository's path, as the distribution specification has it. */
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const ESCAPED = 'x--';

export function containerName(host: HostId, instance: InstanceId): string {
  return `longshore-${host}-${instance}`;
}

export function networkName(host: HostId, app: AppName): string {
  return `longshore-${host}-${app}`;
}

export function isNetworkName(host: HostId, name: string): boolean {
  return name.startsWith(`longshore-${host}-`);
}

export function volumeName(host: HostId, app: AppName, volume: string): string {
  return `longshore-${host}-${app}-${isImageVolumeKey(volume) ? imageVolumeSuffix(volume) : volume}`;
}

/** Begins with a dot, as no volume of an app file does; `db:/var/lib` becomes `.db..var.lib`. No two have the same. */
function imageVolumeSuffix(volume: string): string {
  const colon = volume.indexOf(':');
  return `.${toVolumePart(volume.slice(0, colon))}.${toVolumePart(volume.slice(colon + 1))}`;
}

function toVolumePart(text: string): string {
  return [...new TextEncoder().encode(text)].map(toVolumeCharacter).join('');
}

function toVolumeCharacter(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === '/') return '.';
  return /[A-Za-z0-9-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`;
}

/** Docker names a volume that nobody named with 64 hexadecimal digits. */
export function isAnonymousVolume(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** Repository of the tags that hold one service's images; the tag is the release. */
export function holdRepository(host: HostId, app: AppName, service: string): string {
  return `${OWN_REGISTRY}/${host}/${toComponent(app)}/${toComponent(service)}`;
}

/** Matches the names of all hold tags of a host, in the engine's filter `reference`. */
export function holdPattern(host: HostId): string {
  return `${OWN_REGISTRY}/${host}/*/*`;
}

/** Repository of the tags that say: this host pulled that digest. The tag is the digest's hex part. */
export function pulledRepository(host: HostId): string {
  return `${OWN_REGISTRY}/${host}/pulled`;
}

export function pulledTag(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export function isPulledTag(name: string): boolean {
  return name.startsWith(`${OWN_REGISTRY}/`) && /^[^/]+\/[^/]+\/pulled:[0-9a-f]{64}$/.test(name);
}

export interface HoldName {
  readonly app: AppName;
  readonly service: string;
  readonly release: number;
}

/** What a hold tag of this host stands for; null for any other name. */
export function parseHoldTag(host: HostId, name: string): HoldName | null {
  const prefix = `${OWN_REGISTRY}/${host}/`;
  if (!name.startsWith(prefix)) return null;
  const match = /^([^/:]+)\/([^/:]+):(\d{1,15})$/.exec(name.slice(prefix.length));
  const [, app = '', service = '', release = ''] = match ?? [];
  const parsedApp = fromComponent(app);
  if (match === null || !isAppName(parsedApp)) return null;
  return { app: parsedApp, service: fromComponent(service), release: Number(release) };
}

/** Names that a repository's path does not allow (capitals, a trailing dash) are written in hexadecimal. */
function toComponent(name: string): string {
  if (PATH_COMPONENT.test(name) && !name.startsWith(ESCAPED)) return name;
  return ESCAPED + [...new TextEncoder().encode(name)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromComponent(component: string): string {
  if (!component.startsWith(ESCAPED)) return component;
  const bytes = component.slice(ESCAPED.length).match(/../g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(bytes.map((hex) => Number.parseInt(hex, 16))));
}
