/** `fleet.json` in the bucket. Read at run time, so that a label of a pool replaces no machine. */
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket/index.js';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object/index.js';
import { Construct } from 'constructs';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { fleetManifest } from './fleet-manifest-text.ts';

export interface FleetRecordProps {
  readonly fleet: FleetConfig;
  readonly bucket: StorageBucket;
  readonly accountOf: (pool: string) => string;
}

export class FleetRecord extends Construct {
  readonly object: StorageBucketObject;

  constructor(scope: Construct, id: string, { fleet, bucket, accountOf }: FleetRecordProps) {
    super(scope, id);
    // The bucket is what tells the project's number without a look-up of its own.
    const projectNumber = bucket.getStringAttribute('project_number');
    this.object = new StorageBucketObject(this, 'manifest', {
      bucket: bucket.name,
      name: 'fleet.json',
      content: `${JSON.stringify(fleetManifest(fleet, { projectNumber, accountOf }), null, 2)}\n`,
      contentType: 'application/json',
      cacheControl: 'no-store',
    });
  }
}
