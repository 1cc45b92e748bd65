/**
 * The labels on our objects: what Docker remembers for us about an instance. They are written once, at creation, and
 * read at each observation; an object whose labels are not whole is not ours.
 */
import {
  isAppName,
  isDigest,
  isInstanceId,
  isSpecHash,
  type AppName,
  type Digest,
  type HostId,
  type InstanceId,
  type SpecHash,
} from '../../fleet/ids.ts';
import type { InstancePlan } from './container-engine.ts';

const PREFIX = 'longshore.';
export const HOST_LABEL = `${PREFIX}host`;
export const APP_LABEL = `${PREFIX}app`;
export const INSTANCE_LABEL = `${PREFIX}instance`;
/**
 * The agent's data directory. It tells a former identity of this agent (same directory, another host) from another agent
 * of this engine: two agents never share a directory, and one whose data was lost is still at the same place.
 */
export const DATA_DIR_LABEL = `${PREFIX}data-dir`;
export const VOLUME_LABEL = `${PREFIX}volume`;

export type Labels = Readonly<Record<string, string>>;

export interface InstanceLabels {
  readonly instance: InstanceId;
  readonly app: AppName;
  readonly service: string;
  readonly replica: number;
  readonly slot: 0 | 1;
  readonly hash: SpecHash;
  readonly release: number;
  readonly deployment: string;
  readonly attempt: number;
  readonly recordedImageId: string;
  readonly digest: Digest;
}

/** The user's labels and ours; nobody's label can pass for one of ours. */
export function labelsOfInstance(plan: InstancePlan): Labels {
  const digest = plan.service.spec.image.digest;
  if (digest === null) throw new Error(`service ${plan.service.name} of ${plan.app} is not pinned`);
  return {
    ...withoutOurs(plan.service.spec.labels),
    [HOST_LABEL]: plan.host,
    [APP_LABEL]: plan.app,
    [`${PREFIX}service`]: plan.service.name,
    [`${PREFIX}replica`]: String(plan.replica),
    [`${PREFIX}slot`]: String(plan.slot),
    [`${PREFIX}hash`]: plan.service.hash,
    [`${PREFIX}release`]: String(plan.release),
    [`${PREFIX}deployment`]: plan.deployment,
    [`${PREFIX}attempt`]: String(plan.attempt),
    [INSTANCE_LABEL]: plan.instance,
    [`${PREFIX}image`]: plan.imageId,
    [`${PREFIX}digest`]: digest,
    // Read by the machine's metadata guard (setup/metadata-access.ts), which lets nobody through without it.
    // Written always: a container has the labels of its image too.
    [`${PREFIX}metadata`]: plan.service.spec.metadata === 'allow' ? 'allow' : 'deny',
  };
}

export function labelsOfNetwork(host: HostId, app: AppName): Labels {
  return { [HOST_LABEL]: host, [APP_LABEL]: app };
}

export function labelsOfVolume(host: HostId, app: AppName, volume: string, own: Labels): Labels {
  return { ...withoutOurs(own), [HOST_LABEL]: host, [APP_LABEL]: app, [VOLUME_LABEL]: volume };
}

/** @param dataDir null = it is not known, as in tests of the engine alone */
export function labelsOfAgent(dataDir: string | null): Labels {
  return dataDir === null ? {} : { [DATA_DIR_LABEL]: dataDir };
}

/** Null where a label is missing or has not its form. */
export function parseInstanceLabels(labels: Labels): InstanceLabels | null {
  const of = (name: string): string => labels[PREFIX + name] ?? '';
  const [instance, app, hash, digest] = [of('instance'), of('app'), of('hash'), of('digest')];
  const slot = of('slot');
  const [replica, release, attempt] = [toCount(of('replica')), toCount(of('release')), toCount(of('attempt'))];
  if (!isInstanceId(instance) || !isAppName(app) || !isSpecHash(hash) || !isDigest(digest)) return null;
  if (replica === null || release === null || attempt === null || (slot !== '0' && slot !== '1')) return null;
  if (of('service') === '' || of('image') === '') return null;
  return {
    instance,
    app,
    service: of('service'),
    replica,
    slot: slot === '0' ? 0 : 1,
    hash,
    release,
    deployment: of('deployment'),
    attempt,
    recordedImageId: of('image'),
    digest,
  };
}

function toCount(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function withoutOurs(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(PREFIX)));
}
