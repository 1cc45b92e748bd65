/**
 * Metadata of machines: the same for every machine of a role or pool, and free of versions and secrets, so that a new
 * version of Longshore, another label or another authority replaces no machine. Pure.
 */
import type { FleetConfig, PoolConfig, SshAccess } from '../fleet-file/fleet-config.ts';
import { BALANCER_RANGES } from './google-ranges.ts';
import { literalText } from './template-text.ts';

export type Metadata = Readonly<Record<string, string>>;

/** Of the agent's ingress, for Google's probes alone. */
export const HEALTH_PORT = 7412;
/** Google gives a machine 90 s to power off, a Spot machine 30 s. */
const DRAIN_SECONDS = 80;
const SPOT_DRAIN_SECONDS = 25;
/** Who logs in with the given key where OS Login is off. */
export const KEY_USER = 'ops';

export interface MetadataFacts {
  /** The role's script, or an expression that stands for it. */
  readonly startupScript: string;
  readonly bucket: string;
  /** OpenSSH form; null: none was given. */
  readonly publicKey: string | null;
}

export function agentMetadata(
  fleet: FleetConfig,
  pool: PoolConfig,
  { startupScript, bucket, publicKey }: MetadataFacts,
): Metadata {
  const { internalAddress, acmeEmail } = fleet.coordinator;
  return {
    ...machineMetadata(pool.ssh, publicKey, fleet),
    'startup-script': startupScript,
    'longshore-bucket': bucket,
    'longshore-coordinator': `wss://${internalAddress}`,
    'longshore-pool': pool.name,
    'longshore-metadata-access': pool.metadataAccess ? 'allow' : 'deny',
    'longshore-drain-seconds': String(pool.spot ? SPOT_DRAIN_SECONDS : DRAIN_SECONDS),
    'longshore-health-listen': `0.0.0.0:${HEALTH_PORT}`,
    ...(acmeEmail === null ? {} : { 'longshore-acme-email': literalText(acmeEmail) }),
    // The balancer tells who asked; nobody else is believed.
    ...(pool.ingress.kind === 'https-lb' ? { 'longshore-trusted-proxies': BALANCER_RANGES.join(',') } : {}),
  };
}

export interface CoordinatorMetadataFacts extends MetadataFacts {
  /** Null: it has none. */
  readonly publicAddress: string | null;
  readonly secretPrefix: string;
  /** Instance of Cloud SQL; null: it keeps its data on its disk. */
  readonly database: string | null;
}

export function coordinatorMetadata(
  fleet: FleetConfig,
  { startupScript, bucket, publicKey, publicAddress, secretPrefix, database }: CoordinatorMetadataFacts,
): Metadata {
  const { internalAddress, domain, acmeEmail, ssh } = fleet.coordinator;
  return {
    ...machineMetadata(ssh, publicKey, fleet),
    'startup-script': startupScript,
    'longshore-bucket': bucket,
    'longshore-internal-address': internalAddress,
    ...(publicAddress === null ? {} : { 'longshore-public-address': publicAddress }),
    'longshore-secret-prefix': secretPrefix,
    ...(database === null ? {} : { 'longshore-database': database }),
    ...(domain === null ? {} : { 'longshore-domain': domain }),
    ...(acmeEmail === null ? {} : { 'longshore-acme-email': literalText(acmeEmail) }),
  };
}

/** What differs on the standby: addresses and name, and that it never begins an empty database. */
export function standbyMetadata(fleet: FleetConfig, facts: CoordinatorMetadataFacts): Metadata {
  const { coordinator } = fleet;
  const { internalAddress, domain } = coordinator.standby ?? coordinator;
  return {
    ...coordinatorMetadata({ ...fleet, coordinator: { ...coordinator, internalAddress, domain } }, facts),
    'longshore-standby': 'yes',
  };
}

/** What agents dial, the first one first. */
export function coordinatorAddresses({ coordinator }: FleetConfig): readonly string[] {
  const { internalAddress, standby } = coordinator;
  return [internalAddress, ...(standby === null ? [] : [standby.internalAddress])].map((address) => `wss://${address}`);
}

/** OS Login ignores keys in metadata, so a pool has the one or the other. */
function machineMetadata(ssh: SshAccess, publicKey: string | null, fleet: FleetConfig): Metadata {
  const byKey = ssh === 'keys' && publicKey !== null;
  return {
    'enable-oslogin': byKey ? 'FALSE' : 'TRUE',
    'block-project-ssh-keys': 'TRUE',
    'serial-port-enable': 'FALSE',
    // What the console says is what Cloud Logging gets of a machine, and so what the log archive keeps.
    ...(fleet.monitoring?.logSinkDays == null ? {} : { 'serial-port-logging-enable': 'TRUE' }),
    ...(byKey ? { 'ssh-keys': `${KEY_USER}:${literalText(publicKey)}` } : {}),
  };
}
