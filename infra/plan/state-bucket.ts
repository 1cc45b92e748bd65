/**
 * Whether the bucket that is to hold Terraform's state is there and keeps old versions: without them one bad write
 * loses the only record of what was made.
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { failureReason, type GoogleRequest } from '../google/google-request.ts';

const bucketSchema = z.object({ versioning: z.object({ enabled: z.boolean().default(false) }).optional() });

export interface BucketCheck {
  readonly fleet: FleetConfig;
  /** Null: the credentials are of a kind that only Google's libraries use; then Terraform finds out. */
  readonly token: () => Promise<string | null>;
  readonly request: GoogleRequest;
  /** Base of the storage API, without the slash at its end. */
  readonly endpoint: string;
}

export const STORAGE_ENDPOINT = 'https://storage.googleapis.com/storage/v1';

/** @returns whether it was checked. @throws INFRA_UNREADY */
export async function checkStateBucket({ fleet, token, request, endpoint }: BucketCheck): Promise<boolean> {
  if (fleet.state === null) return true;
  const { bucket } = fleet.state;
  let answer: Awaited<ReturnType<GoogleRequest>>;
  try {
    const bearer = await token();
    if (bearer === null) return false;
    answer = await request({
      method: 'GET',
      url: `${endpoint}/b/${encodeURIComponent(bucket)}?fields=name,versioning`,
      headers: { authorization: `Bearer ${bearer}` },
    });
  } catch (error) {
    throw unready(
      bucket,
      `could not be asked for: ${failureReason(error)}`,
      'Check the network, and HTTPS_PROXY where one is needed.',
    );
  }
  if (answer.status === 404)
    throw unready(bucket, 'does not exist', `Make it once:\n  ${createCommand(fleet, bucket)}`);
  if (answer.status === 401 || answer.status === 403)
    throw unready(
      bucket,
      `may not be seen with these credentials (status ${answer.status})`,
      "Names of buckets are the world's: check that it is yours, and that the credentials have storage.buckets.get and roles/storage.objectAdmin on it.",
    );
  const parsed = bucketSchema.safeParse(answer.body);
  if (answer.status !== 200 || !parsed.success)
    throw unready(bucket, `could not be asked for: status ${answer.status}`, 'Try again; see status.cloud.google.com.');
  if (parsed.data.versioning?.enabled !== true)
    throw unready(
      bucket,
      'keeps no old versions, so that one bad write would lose the state',
      `Turn them on once:\n  gcloud storage buckets update gs://${bucket} --versioning`,
    );
  return true;
}

function createCommand(fleet: FleetConfig, bucket: string): string {
  const flags = '--uniform-bucket-level-access --public-access-prevention';
  return [
    `gcloud storage buckets create gs://${bucket} --project=${fleet.project} --location=${fleet.region} ${flags}`,
    `gcloud storage buckets update gs://${bucket} --versioning`,
  ].join('\n  ');
}

function unready(bucket: string, what: string, hint: string): LongshoreError {
  return new LongshoreError('INFRA_UNREADY', `check the state's bucket gs://${bucket}: it ${what}`, { hint });
}
