/**
 * What a plan would destroy that holds data, in words of its own: in a list of forty changes nobody sees the one disk.
 * Such a plan is made only where each of these is named, by `--destroy-data`. Pure.
 */
import { LongshoreError, type ProblemDetail } from '../../fleet/errors.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import type { ResourceChange, TerraformPlan } from './plan-json.ts';

export interface DataLoss {
  /** As Google calls it, and as a person names it in `--destroy-data`. */
  readonly name: string;
  readonly what: string;
  /** Keys that force a replacement; null: it goes for good. */
  readonly replacedFor: readonly string[] | null;
  /** How to keep the data; null: not at all. */
  readonly keep: string | null;
}

interface Holder {
  /** The attribute with its name. */
  readonly name: string;
  readonly what: string;
  readonly keep: string | null;
}

const DOCS = 'docs/infrastructure.md, "Data that moves"';
const COORDINATOR_DISK: Holder = {
  name: 'name',
  what: "the coordinator's disk, with its database, certificates and event log",
  keep: `make its successor from a snapshot, coordinator.data_snapshot: ${DOCS}`,
};
const HOLDERS: Readonly<Record<string, Holder>> = {
  google_compute_disk: {
    name: 'name',
    what: 'a disk with named volumes of apps',
    keep: `make its successor from a snapshot, volumes_snapshots of the pool: ${DOCS}`,
  },
  google_sql_database_instance: {
    name: 'name',
    what: 'the Cloud SQL instance, with its databases and backups',
    keep: 'gcloud sql export sql INSTANCE gs://BUCKET/FILE --database=longshore',
  },
  google_redis_instance: {
    name: 'name',
    what: 'the Memorystore instance, with all keys',
    keep: 'gcloud redis instances export gs://BUCKET/FILE INSTANCE --region=REGION',
  },
  google_artifact_registry_repository: {
    name: 'repository_id',
    what: 'the registry, with all images, also those that hosts run',
    keep: 'copy the images to another registry first',
  },
  google_storage_bucket: {
    name: 'name',
    what: 'the bucket with the programs, and the root that agents trust',
    keep: null,
  },
  google_logging_project_bucket_config: { name: 'bucket_id', what: 'the log bucket, with all logs', keep: null },
};

/** In the order of the plan. */
export function dataLosses({ resource_changes: changes }: TerraformPlan): readonly DataLoss[] {
  return changes.flatMap((resource) => {
    const { mode, address, change } = resource;
    const { actions, before } = change;
    if (mode !== 'managed' || !actions.includes('delete')) return [];
    const holder = holderOf(resource);
    if (holder === null) return [];
    const name = before?.[holder.name];
    return [
      {
        name: typeof name === 'string' ? name : address,
        what: holder.what,
        keep: holder.keep,
        replacedFor: actions.includes('create') ? replacingKeys(resource) : null,
      },
    ];
  });
}

function holderOf({ type, name, change }: ResourceChange): Holder | null {
  const { actions, before, after } = change;
  // Its certificates are made anew; what the fleet knows is in the database.
  if (type === 'google_compute_disk' && name === 'standby_data') return null;
  if (type === 'google_compute_disk' && name.startsWith('coordinator-disk_')) return COORDINATOR_DISK;
  if (type === 'google_secret_manager_secret' && name === 'secret_secrets-key')
    return { name: 'secret_id', what: "the key without which nobody can read the apps' secrets", keep: null };
  // Terraform would upload the new object and then delete its name: nothing is left under it.
  if (type === 'google_storage_bucket_object' && actions[0] === 'create' && before?.['name'] === after?.['name'])
    return { name: 'name', what: 'an object in the bucket that machines read', keep: null };
  return HOLDERS[type] ?? null;
}

function replacingKeys({ change, action_reason: reason }: ResourceChange): readonly string[] {
  const keys = [...new Set((change.replace_paths ?? []).map(([key]) => String(key)))];
  return keys.length > 0 ? keys : reason === undefined ? [] : [reason.replaceAll('_', ' ')];
}

/** Snapshots that disks of this plan are made from. */
export function neededSnapshots({ resource_changes: changes }: TerraformPlan): readonly string[] {
  return changes.flatMap(({ type, change: { actions, after } }) => {
    const snapshot = after?.['snapshot'];
    return type === 'google_compute_disk' &&
      actions.includes('create') &&
      typeof snapshot === 'string' &&
      snapshot !== ''
      ? [snapshot]
      : [];
  });
}

/**
 * @param agreed names of `--destroy-data`; with `--destroy` the fleet's own name stands for all that it has
 * @throws INFRA_UNREADY where one is not agreed to, INPUT_INVALID where one is that stays
 */
export function refuseUnnamedLosses(
  losses: readonly DataLoss[],
  agreed: readonly string[],
  { name: fleet }: Pick<FleetConfig, 'name'>,
  destroy: boolean,
): void {
  const all = destroy && agreed.includes(fleet);
  const others = agreed.filter((name) => !(destroy && name === fleet) && !losses.some((loss) => loss.name === name));
  if (others.length > 0)
    throw new LongshoreError('INPUT_INVALID', 'plan.sh', {
      details: others.map((name) => detail('--destroy-data', `"${name}" is not destroyed by this plan`)),
      hint:
        losses.length === 0
          ? 'This plan destroys no data: leave the option out.'
          : `It destroys ${losses.map((loss) => loss.name).join(', ')}.`,
    });
  const unnamed = all ? [] : losses.filter(({ name }) => !agreed.includes(name));
  if (unnamed.length === 0) return;
  const options = destroy ? [fleet] : losses.map(({ name }) => name);
  throw new LongshoreError('INFRA_UNREADY', 'plan: data would be destroyed', {
    details: unnamed.map(({ name, what, replacedFor, keep }) =>
      detail(
        name,
        `${what}${replacement(replacedFor)}${keep === null || destroy ? '' : `; to keep the data, ${keep}`}`,
      ),
    ),
    hint: `No plan was kept. Only if this data may be lost: bash plan.sh${destroy ? ' --destroy' : ''} ${options.map((name) => `--destroy-data ${name}`).join(' ')}`,
  });
}

/** Stands right above the next command. */
export function renderLosses(losses: readonly DataLoss[], snapshots: readonly string[]): string {
  return [
    'DATA THAT THIS PLAN DESTROYS',
    ...losses.map(({ name, what, replacedFor }) => `  ! ${name}: ${what}${replacement(replacedFor)}`),
    ...snapshots.map(
      (snapshot) => `  A disk is made from the snapshot ${snapshot}; what was written since is not in it.`,
    ),
  ].join('\n');
}

function replacement(keys: readonly string[] | null): string {
  if (keys === null) return '';
  return keys.length === 0 ? ', replaced by an empty one' : `, replaced by an empty one because of ${keys.join(', ')}`;
}

function detail(path: string, message: string): ProblemDetail {
  return { path, message, line: null, column: null };
}
