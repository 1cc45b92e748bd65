/**
 * What a machine's account may do in the fleet's bucket, by the objects' names: hosts read programs, channels and the
 * coordinator's root, never `fleet.json`; the coordinator reads everything and writes the root alone.
 */
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member/index.js';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket/index.js';
import { Construct } from 'constructs';

export interface BucketAccessProps {
  readonly bucket: StorageBucket;
  /** As policies write it: `serviceAccount:...`. */
  readonly member: string;
  readonly role: 'host' | 'coordinator';
}

export class BucketAccess extends Construct {
  readonly members: StorageBucketIamMember[];

  constructor(scope: Construct, id: string, { bucket, member, role }: BucketAccessProps) {
    super(scope, id);
    const grant = (name: string, given: string, folders: readonly string[] | null): StorageBucketIamMember =>
      new StorageBucketIamMember(this, name, {
        bucket: bucket.name,
        role: given,
        member,
        ...(folders === null
          ? {}
          : {
              condition: { title: name, expression: folders.map((folder) => below(bucket.name, folder)).join(' || ') },
            }),
      });
    this.members =
      role === 'host'
        ? [grant('read', 'roles/storage.objectViewer', ['programs', 'channels', 'ca'])]
        : [
            grant('read', 'roles/storage.objectViewer', null),
            // To write over an object takes the right to delete it.
            grant('publish-root', 'roles/storage.objectUser', ['ca']),
          ];
  }
}

function below(bucket: string, folder: string): string {
  return `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${folder}/")`;
}
