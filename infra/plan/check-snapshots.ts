/**
 * Whether the snapshots are there that a plan makes disks from. Terraform would find out in the middle of the apply, and
 * the disk that is to be replaced may be gone by then.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { failureReason, type GoogleRequest } from '../google/google-request.ts';

const snapshotSchema = z.object({
  status: z.string(),
  creationTimestamp: z.string().catch('an unknown time'),
  sourceDisk: z.string().catch('an unknown disk'),
});

export interface SnapshotCheck {
  readonly fleet: Pick<FleetConfig, 'project'>;
  readonly snapshots: readonly string[];
  /** Null: the credentials are of a kind that only Google's libraries use. */
  readonly token: () => Promise<string | null>;
  readonly request: GoogleRequest;
  /** Base of the compute API, without the slash at its end. */
  readonly endpoint: string;
}

export const COMPUTE_ENDPOINT = 'https://compute.googleapis.com/compute/v1';

/** @returns a line for each. @throws INFRA_UNREADY */
export async function checkSnapshots(check: SnapshotCheck): Promise<readonly string[]> {
  const { fleet, snapshots, token, request, endpoint } = check;
  const bearer = await token();
  if (bearer === null)
    return [
      `Not checked, as only Terraform can use this kind of credentials: that the snapshot ${snapshots.join(', ')} exists. Look before you apply:\n  gcloud compute snapshots list --project=${fleet.project}`,
    ];
  const lines: string[] = [];
  for (const name of snapshots) {
    const answer = await request({
      method: 'GET',
      url: `${endpoint}/projects/${fleet.project}/global/snapshots/${encodeURIComponent(name)}`,
      headers: { authorization: `Bearer ${bearer}` },
    }).catch((error: unknown) => {
      throw unready(fleet, name, `could not be asked for: ${failureReason(error)}`);
    });
    const parsed = snapshotSchema.safeParse(answer.body);
    if (answer.status !== 200 || !parsed.success)
      throw unready(
        fleet,
        name,
        answer.status === 404 ? 'does not exist' : `could not be read (status ${answer.status})`,
      );
    const { status, creationTimestamp, sourceDisk } = parsed.data;
    if (status !== 'READY') throw unready(fleet, name, `is not ready yet (${status})`);
    lines.push(`Snapshot ${name}: of ${sourceDisk.split('/').at(-1) ?? sourceDisk}, made at ${creationTimestamp}.`);
  }
  return lines;
}

function unready({ project }: SnapshotCheck['fleet'], name: string, what: string): LongshoreError {
  return new LongshoreError('INFRA_UNREADY', `plan a disk from a snapshot: "${name}" ${what}`, {
    hint: `The snapshots there are: gcloud compute snapshots list --project=${project}. Nothing was changed.`,
  });
}
