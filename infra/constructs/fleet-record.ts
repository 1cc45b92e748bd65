/** `fleet.json` in the bucket. Read at run time, so that a label of a pool replaces no machine. */
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket/index.js';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object/index.js';
import { Construct } from 'constructs';
import type { FleetConfig } from '../fleet-file/fleet-config.ts';
import { fleetManifest } from './fleet-manifest-text.ts';
import { literalText } from './template-text.ts';

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
      content: `${JSON.stringify(fleetManifest(plainLabels(fleet), { projectNumber, accountOf }), null, 2)}\n`,
      contentType: 'application/json',
      cacheControl: 'no-store',
    });
  }
}

/** Labels of hosts are free text: what looks like an expression in one is none. */
function plainLabels(fleet: FleetConfig): FleetConfig {
  const plain = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, literalText(value)]));
  return { ...fleet, pools: fleet.pools.map((pool) => ({ ...pool, labels: plain(pool.labels) })) };
}
