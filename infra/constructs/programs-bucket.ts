/**
 * The private bucket that machines fetch their programs from, each under its checksum, and the channels that say which
 * one a machine should run. New programs are there before a channel names them, and the old ones go after.
 */
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket/index.js';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { ProgramArchive, Programs } from '../programs.ts';

export interface ProgramsBucketProps {
  readonly name: string;
  readonly location: string;
  readonly programs: Programs;
  /** Of hosts; null: they choose it themselves. */
  readonly ingressImage: string | null;
  /** What agents dial. Not in metadata alone: a group's machines would learn of a standby only when they are made anew. */
  readonly coordinators: readonly string[];
  readonly kmsKey: string | null;
  /** False: it may be destroyed with what machines have put into it. */
  readonly protect: boolean;
  readonly services: ITerraformDependable[];
}

/** Old versions, for a person to go back to: machines fetch only what a channel names. */
const REPLACED_DAYS = 30;

export class ProgramsBucket extends Construct {
  readonly bucket: StorageBucket;
  /** What a machine needs to find at its first boot. */
  readonly objects: StorageBucketObject[];

  constructor(scope: Construct, id: string, props: ProgramsBucketProps) {
    super(scope, id);
    const { name, location, programs, ingressImage, coordinators, protect, services } = props;
    this.bucket = new StorageBucket(this, 'bucket', {
      name,
      location,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      lifecycleRule: [
        { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: REPLACED_DAYS, withState: 'ARCHIVED' } },
      ],
      ...(props.kmsKey === null ? {} : { encryption: { defaultKmsKeyName: props.kmsKey } }),
      forceDestroy: !protect,
      lifecycle: { preventDestroy: protect },
      dependsOn: services,
    });
    const { agents, coordinator } = programs;
    this.objects = [
      ...this.#channel('coordinator-x64', coordinator),
      ...(agents.x64 === null ? [] : this.#channel('agent-x64', agents.x64)),
      ...(agents.arm64 === null ? [] : this.#channel('agent-arm64', agents.arm64)),
      this.#pointer('ingress-image', `${ingressImage ?? 'default'}\n`, []),
      this.#pointer('coordinators', `${coordinators.join(',')}\n`, []),
    ];
  }

  #channel(channel: string, { path, file, sha256 }: ProgramArchive): StorageBucketObject[] {
    const object = `programs/${sha256}/${file}`;
    const program = new StorageBucketObject(this, channel, {
      bucket: this.bucket.name,
      name: object,
      source: path,
      contentType: 'application/gzip',
      // The name holds the checksum, so another folder of archives is no other object. Without this the provider would
      // replace it under the same name: upload it, and then delete that name.
      lifecycle: { createBeforeDestroy: true, ignoreChanges: ['source', 'detect_md5hash'] },
    });
    return [program, this.#pointer(channel, `${sha256}  ${object}\n`, [program])];
  }

  #pointer(channel: string, content: string, after: readonly StorageBucketObject[]): StorageBucketObject {
    return new StorageBucketObject(this, `${channel}-channel`, {
      bucket: this.bucket.name,
      name: `channels/${channel}`,
      content,
      contentType: 'text/plain',
      cacheControl: 'no-store',
      dependsOn: [...after],
    });
  }
}
