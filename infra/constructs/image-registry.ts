/**
 * The fleet's registry for images. Its clean-up knows tags and age, not releases: so it takes only what has no tag, and
 * the coordinator holds each kept release by a tag of its own.
 */
import { ArtifactRegistryRepository } from '@cdktf/provider-google/lib/artifact-registry-repository/index.js';
import { ArtifactRegistryRepositoryIamMember } from '@cdktf/provider-google/lib/artifact-registry-repository-iam-member/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';

export interface ImageRegistryProps {
  readonly location: string;
  readonly repository: string;
  readonly untaggedDays: number;
  /** Members of policies, by pool. */
  readonly readers: readonly { readonly pool: string; readonly member: string }[];
  /** The coordinator: reads digests, sets and takes off tags. */
  readonly keeper: string;
  readonly kmsKey: string | null;
  readonly protect: boolean;
  readonly services: ITerraformDependable[];
}

/** Tags of the coordinator begin with it. */
const KEPT_PREFIX = 'keep-';
const SECONDS_PER_DAY = 86_400;

export class ImageRegistry extends Construct {
  /** By pool, what its machines need to pull. */
  readonly #readers: ReadonlyMap<string, ArtifactRegistryRepositoryIamMember>;
  readonly keeper: ArtifactRegistryRepositoryIamMember;

  constructor(scope: Construct, id: string, props: ImageRegistryProps) {
    super(scope, id);
    const { location, repository, untaggedDays, readers, keeper, protect, services } = props;
    const registry = new ArtifactRegistryRepository(this, 'repository', {
      location,
      repositoryId: repository,
      format: 'DOCKER',
      ...(props.kmsKey === null ? {} : { kmsKeyName: props.kmsKey }),
      cleanupPolicyDryRun: false,
      cleanupPolicies: [
        {
          id: 'delete-untagged',
          action: 'DELETE',
          condition: { tagState: 'UNTAGGED', olderThan: `${untaggedDays * SECONDS_PER_DAY}s` },
        },
        { id: 'keep-releases', action: 'KEEP', condition: { tagState: 'TAGGED', tagPrefixes: [KEPT_PREFIX] } },
      ],
      dependsOn: services,
      lifecycle: { preventDestroy: protect },
    });
    const grant = (name: string, role: string, member: string): ArtifactRegistryRepositoryIamMember =>
      new ArtifactRegistryRepositoryIamMember(this, name, { location, repository: registry.name, role, member });
    this.#readers = new Map(
      readers.map(({ pool, member }) => [pool, grant(`pull-${pool}`, 'roles/artifactregistry.reader', member)]),
    );
    // The least role that may take a tag off; it holds for this repository alone.
    this.keeper = grant('keep', 'roles/artifactregistry.repoAdmin', keeper);
  }

  readerOf(pool: string): ArtifactRegistryRepositoryIamMember[] {
    const reader = this.#readers.get(pool);
    return reader === undefined ? [] : [reader];
  }
}
