/**
 * What a person has to know before a fleet goes: what would stop the apply in the middle, and what stays or is lost for
 * good. Pure.
 */
import { LongshoreError, type ProblemDetail } from '../../fleet/errors.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { volumesScheduleName } from '../fleet-file/resource-names.ts';
import type { TerraformPlan } from './plan-json.ts';

/**
 * What is protected is read from the state: without an apply of `protect: false` most of the fleet would go, and then
 * the apply would fail at what holds data.
 * @throws INFRA_UNREADY
 */
export function refuseStillProtected({ resource_changes: changes }: TerraformPlan): void {
  const details = changes.flatMap(({ address, type, change: { actions, before } }): readonly ProblemDetail[] => {
    const is = actions.includes('delete') ? before : null;
    const why =
      is?.['deletion_protection'] === true
        ? 'may not be deleted yet (deletion_protection)'
        : type === 'google_storage_bucket' && is?.['force_destroy'] === false
          ? 'may not be deleted yet with what is in it (force_destroy)'
          : null;
    return why === null ? [] : [{ path: address, message: why, line: null, column: null }];
  });
  if (details.length === 0) return;
  throw new LongshoreError('INFRA_UNREADY', 'plan to destroy the fleet: `protect: false` was never applied', {
    details,
    hint: 'Run `bash plan.sh` and apply that; then `bash plan.sh --destroy`.',
  });
}

export function destroyNotes(fleet: Pick<FleetConfig, 'name' | 'project' | 'pools' | 'snapshots' | 'labels'>): string {
  const { name, project } = fleet;
  const key = `${name}-longshore-secrets-key`;
  return [
    'Snapshots stay, and cost until you delete them:',
    `  gcloud compute snapshots list --project=${project} --filter='sourceDisk~/disks/${name}-'`,
    `The secret ${key} goes. Without it, a coordinator that is made from a snapshot cannot read the apps' secrets; to keep it, first:`,
    `  (umask 077 && gcloud secrets versions access latest --secret=${key} --project=${project} > ${key})`,
    ...fleet.pools
      .filter(({ kind, volumesDiskGb }) => kind === 'group' && volumesDiskGb !== null)
      .flatMap((pool) => groupDiskNotes(fleet, pool.name)),
  ].join('\n');
}

/** A group's disks for volumes are never deleted; Google refuses to delete a schedule that one of them has. */
function groupDiskNotes(fleet: Parameters<typeof destroyNotes>[0], pool: string): readonly string[] {
  const { name, project } = fleet;
  const list = `gcloud compute disks list --project=${project} --filter='name~^${name}-${pool}-'`;
  return [
    `Disks with named volumes of pool ${pool} stay, and cost until you delete them. Before the apply, take their snapshot schedule off, or the apply ends with an error at it:`,
    `  ${list} --format='value(name,zone.basename())' | while read -r disk zone; do gcloud compute disks remove-resource-policies "$disk" --zone="$zone" --project=${project} --resource-policies=${volumesScheduleName(fleet, pool)}; done`,
  ];
}
