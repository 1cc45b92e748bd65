/**
 * What must be there before instances can be created: images of all of them (pulled first), the app's network, named
 * volumes, files with secrets and configs. All are asked for at once; `ready` comes when nothing is missing.
 */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { ContainerObservation, InstancePlan, PullRequest } from '../engine/container-engine.ts';
import { type InstanceRecord, replicaOfKey, serviceOfKey } from '../state/app-journal.ts';
import { imageKey } from './action.ts';
import { type AppContext, addressOf, specOf } from './app-context.ts';
import type { AppFilesAnswer } from './app-files.ts';
import { engineVolume, instanceVolumes, volumesOf } from './app-volumes.ts';
import { namesAtCreation } from './names.ts';
import type { PlanBuilder } from './plan-builder.ts';

export interface Prerequisites {
  readonly isReady: boolean;
  readonly isPulling: boolean;
}

export function filesKey(entry: RunEntry): string {
  return `${entry.app}#${entry.release}#${entry.attempt}#${Object.entries(entry.secretVersions)
    .map(([name, version]) => `${name}=${version}`)
    .join(',')}`;
}

export const isFilesKeyOf = (key: string, app: AppName): boolean => key.startsWith(`${app}#`);

/** Null where the release is not pinned, which the coordinator does not send. */
export function pullRequest(entry: RunEntry, service: string): PullRequest | null {
  const image = specOf(entry, service)?.image;
  return image?.digest == null ? null : { reference: image.reference, digest: image.digest, platform: image.platform };
}

export function planPrerequisites(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry,
  services: readonly string[],
): Prerequisites {
  const missing: string[] = [];
  let isPulling = false;
  for (const service of services) {
    const request = pullRequest(entry, service);
    if (request === null || context.facts.images[imageKey(request)] !== undefined) continue;
    isPulling = true;
    missing.push(`image ${request.reference}`);
    builder.want({ kind: 'pull', app: context.app, request });
    const progress = context.facts.pulling[imageKey(request)];
    builder.wait(`pulling ${request.reference}${progress === undefined ? '' : ` (${progress})`}`);
  }
  if (services.some((service) => specOf(entry, service)?.networkMode === 'app') && context.network === null) {
    missing.push('network');
    if (context.journal.subnet !== null)
      builder.want({ kind: 'ensure-network', app: context.app, subnet: context.journal.subnet });
  }
  for (const { volume, spec } of services.flatMap((service) => volumesOf(context, entry, service))) {
    if (engineVolume(context, entry, volume) !== null) continue;
    missing.push(`volume ${volume}`);
    builder.want({ kind: 'ensure-volume', app: context.app, volume, spec });
  }
  if (needsFiles(entry, services) && !planFiles(context, builder, entry)) missing.push('files');
  return { isReady: missing.length === 0, isPulling };
}

function planFiles(context: AppContext, builder: PlanBuilder, entry: RunEntry): boolean {
  const answer = context.facts.files[filesKey(entry)];
  if (answer?.kind === 'ready') return true;
  // Asked again when something arrives: the answer is forgotten then.
  if (answer?.kind === 'missing') {
    builder.wait(`secret ${answer.secret} of ${context.app} has not come yet`);
    return false;
  }
  builder.wantIfFree({ kind: 'write-files', app: context.app, entry });
  return false;
}

/**
 * The files that an existing container mounts: they can be gone although it is there (a data directory that was lost or
 * partly restored), and the engine then starts it no more.
 * @returns whether they are there
 */
export function planFilesOf(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  container: ContainerObservation,
): boolean {
  const { service, hash } = container;
  // Another entry pins other versions: its files are not the ones that this container mounts.
  if (entry?.hashes[service] !== hash || !needsFiles(entry, [service])) return true;
  return planFiles(context, builder, entry);
}

/**
 * Everything `create` needs; null while a prerequisite is missing.
 * @param goal the generation that it belongs to
 */
export function instancePlan(
  context: AppContext,
  entry: RunEntry,
  goal: Readonly<Record<string, InstanceRecord>>,
  key: string,
  record: InstanceRecord,
): { readonly plan: InstancePlan; readonly hasHealthcheck: boolean } | null {
  const service = serviceOfKey(key);
  const spec = specOf(entry, service);
  const request = pullRequest(entry, service);
  const image = request === null ? undefined : context.facts.images[imageKey(request)];
  if (spec === null || image === undefined) return null;
  const usesFiles = needsFiles(entry, [service]);
  const files = usesFiles ? context.facts.files[filesKey(entry)] : NO_FILES;
  if (files?.kind !== 'ready') return null;
  const volumes = instanceVolumes(context, entry, key);
  if (volumes === null) return null;
  const address = addressOf(context, entry, key, record);
  if (spec.networkMode === 'app' && address === null) return null;
  return {
    hasHealthcheck: image.hasHealthcheck,
    plan: {
      instance: record.instance,
      host: context.rules.host,
      app: context.app,
      service: { name: service as InstancePlan['service']['name'], hash: record.hash, spec },
      replica: replicaOfKey(key),
      slot: record.slot,
      release: record.release,
      deployment: record.deployment,
      attempt: record.attempt,
      imageId: image.imageId,
      network: spec.networkMode === 'app' ? (context.network?.name ?? null) : null,
      address,
      names: namesAtCreation(context, entry, goal, key, record),
      volumes: volumes.named,
      imageVolumes: volumes.image,
      files: files.mounts[service] ?? [],
      secretEnvironment: files.environment[service] ?? {},
    },
  };
}

const NO_FILES: AppFilesAnswer = { kind: 'ready', mounts: {}, environment: {} };

function needsFiles(entry: RunEntry, services: readonly string[]): boolean {
  return services.some((service) => {
    const spec = specOf(entry, service);
    return spec !== null && (spec.secrets.length > 0 || spec.configs.length > 0);
  });
}
