/**
 * A log bucket of the fleet's own, with its own time of keeping: what its machines write to their consoles, and what
 * Google notes of its machines and groups.
 */
import { LoggingProjectBucketConfig } from '@cdktf/provider-google/lib/logging-project-bucket-config/index.js';
import { LoggingProjectSink } from '@cdktf/provider-google/lib/logging-project-sink/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';

export interface LogArchiveProps {
  readonly fleet: string;
  readonly project: string;
  readonly region: string;
  readonly days: number;
  readonly services: ITerraformDependable[];
}

export class LogArchive extends Construct {
  constructor(scope: Construct, id: string, { fleet, project, region, days, services }: LogArchiveProps) {
    super(scope, id);
    const bucket = new LoggingProjectBucketConfig(this, 'bucket', {
      project,
      location: region,
      bucketId: `${fleet}-longshore`,
      retentionDays: days,
      dependsOn: services,
    });
    new LoggingProjectSink(this, 'sink', {
      name: `${fleet}-longshore`,
      destination: `logging.googleapis.com/${bucket.id}`,
      filter: [
        'resource.type=("gce_instance" OR "gce_instance_group_manager" OR "gce_instance_template")',
        `(labels."compute.googleapis.com/resource_name":"${fleet}-" OR protoPayload.resourceName:"/${fleet}-")`,
      ].join(' AND '),
      uniqueWriterIdentity: true,
    });
  }
}
