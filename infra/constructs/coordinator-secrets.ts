/**
 * Places for the coordinator's secrets. Terraform makes them empty: a value that it knew would stand in its state in
 * clear text. The coordinator fills them itself, and nobody else of the fleet may read them.
 */
import { SecretManagerSecret } from '@cdktf/provider-google/lib/secret-manager-secret/index.js';
import { SecretManagerSecretIamMember } from '@cdktf/provider-google/lib/secret-manager-secret-iam-member/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';

export interface CoordinatorSecretsProps {
  readonly prefix: string;
  /** As policies write it. */
  readonly member: string;
  readonly withDatabase: boolean;
  readonly protect: boolean;
  readonly services: ITerraformDependable[];
}

/** Read what is there; add a version; never list, change or destroy. */
const ROLES = { read: 'roles/secretmanager.secretAccessor', add: 'roles/secretmanager.secretVersionAdder' } as const;

export class CoordinatorSecrets extends Construct {
  readonly members: SecretManagerSecretIamMember[];

  constructor(
    scope: Construct,
    id: string,
    { prefix, member, withDatabase, protect, services }: CoordinatorSecretsProps,
  ) {
    super(scope, id);
    const names = ['secrets-key', 'admin-token', ...(withDatabase ? ['database-password'] : [])];
    this.members = names.flatMap((name) => {
      const secret = new SecretManagerSecret(this, name, {
        secretId: `${prefix}-${name}`,
        replication: { auto: {} },
        dependsOn: services,
        // Without the key, what apps were given as secrets cannot be read from a snapshot either.
        ...(name === 'secrets-key' ? { lifecycle: { preventDestroy: protect } } : {}),
      });
      return Object.entries(ROLES).map(
        ([act, role]) =>
          new SecretManagerSecretIamMember(this, `${name}-${act}`, { secretId: secret.secretId, role, member }),
      );
    });
  }
}

/** For a person who may read the secret; the value itself is never in an output. */
export function firstTokenCommand(project: string, prefix: string): string {
  return `gcloud secrets versions access latest --secret=${prefix}-admin-token --project=${project}`;
}
