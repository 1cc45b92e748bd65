/**
 * PostgreSQL for the coordinator, with a private address only. No user is made here: its password would stand in
 * Terraform's state. The coordinator may make its own on this instance, and nothing else of Cloud SQL.
 */
import { ProjectIamCustomRole } from '@cdktf/provider-google/lib/project-iam-custom-role/index.js';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import { SqlDatabase } from '@cdktf/provider-google/lib/sql-database/index.js';
import { SqlDatabaseInstance } from '@cdktf/provider-google/lib/sql-database-instance/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { CoordinatorMachine } from '../fleet-file/fleet-config.ts';

export interface CoordinatorDatabaseProps {
  readonly fleet: string;
  readonly project: string;
  readonly region: string;
  readonly sql: NonNullable<CoordinatorMachine['cloudSql']>;
  readonly network: string;
  readonly member: string;
  readonly kmsKey: string | null;
  readonly protect: boolean;
  readonly services: ITerraformDependable[];
  /** The private connection; without it Google refuses the private address. */
  readonly after: ITerraformDependable[];
}

/** Who came and went, what waited, what did not fit into memory; never the text of a statement. */
const LOGGING = [
  ['log_checkpoints', 'on'],
  ['log_connections', 'on'],
  ['log_disconnections', 'on'],
  ['log_lock_waits', 'on'],
  ['log_min_duration_statement', '-1'],
  ['log_temp_files', '0'],
] as const;

export class CoordinatorDatabase extends Construct {
  readonly instance: SqlDatabaseInstance;
  /** What a coordinator finds nothing without. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: CoordinatorDatabaseProps) {
    super(scope, id);
    const { fleet, sql, protect } = props;
    this.instance = new SqlDatabaseInstance(this, 'postgres', {
      name: `${fleet}-coordinator`,
      region: props.region,
      databaseVersion: 'POSTGRES_17',
      deletionProtection: protect,
      ...(props.kmsKey === null ? {} : { encryptionKeyName: props.kmsKey }),
      settings: {
        edition: 'ENTERPRISE',
        tier: sql.tier,
        availabilityType: sql.highAvailability ? 'REGIONAL' : 'ZONAL',
        diskType: 'PD_SSD',
        diskSize: sql.diskGb,
        // Only a resize that Google did by itself would show up in every plan.
        diskAutoresize: false,
        deletionProtectionEnabled: protect,
        ipConfiguration: {
          ipv4Enabled: false,
          privateNetwork: props.network,
          sslMode: 'ENCRYPTED_ONLY',
          // The coordinator knows the instance by a certificate with its name, under an authority of its own.
          serverCaMode: 'GOOGLE_MANAGED_INTERNAL_CA',
        },
        databaseFlags: LOGGING.map(([name, value]) => ({ name, value })),
        backupConfiguration: { enabled: true, pointInTimeRecoveryEnabled: true, startTime: '02:00' },
      },
      dependsOn: props.after,
    });
    const database = new SqlDatabase(this, 'database', { name: 'longshore', instance: this.instance.name });
    this.ready = [database, this.#mayMakeItsUser(props)];
  }

  #mayMakeItsUser({ fleet, project, member, services }: CoordinatorDatabaseProps): ProjectIamMember {
    const role = new ProjectIamCustomRole(this, 'user-maker', {
      roleId: `longshore_${fleet.replaceAll('-', '_')}_database`,
      title: `Longshore ${fleet}: own user in Cloud SQL`,
      permissions: ['cloudsql.instances.get', 'cloudsql.users.create', 'cloudsql.users.list', 'cloudsql.users.update'],
      dependsOn: services,
    });
    return new ProjectIamMember(this, 'may-make-its-user', {
      project,
      role: role.name,
      member,
      condition: {
        title: 'own-database',
        expression: `resource.type == "sqladmin.googleapis.com/Instance" && resource.name == "projects/${project}/instances/${fleet}-coordinator"`,
      },
    });
  }
}
