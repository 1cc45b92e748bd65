/**
 * The flags of `gcloud compute ... create-with-container` and `update-container`: which take no value, which are read,
 * and why the others have no equivalent. What stands in no table is named as unknown, never dropped in silence.
 */

/** Read by `read-gcloud-command.ts`. */
export const READ_FLAGS = [
  'container-image',
  'container-command',
  'container-arg',
  'container-env',
  'container-env-file',
  'container-mount-host-path',
  'container-mount-tmpfs',
  'container-mount-disk',
  'container-privileged',
  'container-restart-policy',
  'container-stdin',
  'container-tty',
  'machine-type',
  'zone',
  'tags',
  'labels',
  'preemptible',
  'provisioning-model',
  'boot-disk-size',
  'boot-disk-type',
  'create-disk',
  'disk',
  'no-address',
] as const;
export type ReadFlag = (typeof READ_FLAGS)[number];

const TAKE_NO_VALUE = new Set([
  'container-privileged',
  'container-stdin',
  'container-tty',
  'preemptible',
  'can-ip-forward',
  'deletion-protection',
  'restart-on-failure',
  'confidential-compute',
  'private-network-ip-auto',
  'async',
  'quiet',
  'shielded-learn-integrity-policy',
  'clear-container-args',
  'clear-container-command',
]);

/** `--no-...`, `--enable-...`, `--shielded-...` and `--clear-...` are switches. */
export function takesValue(flag: string): boolean {
  return !TAKE_NO_VALUE.has(flag) && !/^(no|enable|shielded|clear)-/.test(flag);
}

const OWN_NETWORK =
  'fleet.yaml makes a network of its own, with subnets cut from `network.range`; peer the two where the app must reach the old one';
const PER_POOL_ACCOUNT =
  'each pool gets a service account of its own with the least roles; grant that one what the app needs, set `metadata_access: true` for the pool, and `x-longshore.metadata: allow` for the service';
const METADATA =
  'metadata attributes are not an interface of the app here: use `environment`, `configs` or `longshore secrets set`';
const OWN_IMAGE = 'hosts run Debian 13 with Docker Engine, not Container-Optimized OS';
const CHANGE = 'says a change to a VM, not what runs; import the declaration of the VM instead';
const ALWAYS_SHIELDED = 'every machine is a shielded VM already';

/** Why a flag that is known is not taken along. */
export const NO_EQUIVALENT: Readonly<Record<string, string>> = {
  network: OWN_NETWORK,
  subnet: OWN_NETWORK,
  'network-interface': OWN_NETWORK,
  'network-tier': 'the fleet uses the premium tier, as Google does by default',
  'private-network-ip': 'hosts dial out, so that nobody needs to know their internal addresses',
  address: 'a reserved address cannot move by itself: `ingress: address` reserves a new one; change the DNS record',
  'stack-type': OWN_NETWORK,
  'can-ip-forward': 'hosts forward no packets of others',
  'service-account': PER_POOL_ACCOUNT,
  scopes: PER_POOL_ACCOUNT,
  'no-service-account': PER_POOL_ACCOUNT,
  'no-scopes': PER_POOL_ACCOUNT,
  metadata: METADATA,
  'metadata-from-file': METADATA,
  image: OWN_IMAGE,
  'image-family': OWN_IMAGE,
  'image-project': OWN_IMAGE,
  accelerator: 'pools with GPUs are not done yet',
  'local-ssd': 'pools with local SSDs are not done yet',
  'min-cpu-platform': 'a pool states its machine type only',
  'custom-cpu': 'write the machine type, as `machine: e2-custom-2-4096`',
  'custom-memory': 'write the machine type, as `machine: e2-custom-2-4096`',
  'custom-extensions': 'write the machine type, as `machine: n2-custom-2-4096-ext`',
  'custom-vm-type': 'write the machine type, as `machine: n2-custom-2-4096`',
  'maintenance-policy': "Google's default for the machine type is taken",
  'restart-on-failure': 'machines are always restarted',
  'no-restart-on-failure': 'machines are always restarted',
  'instance-termination-action': 'a Spot machine of a group is made anew by its group',
  'deletion-protection': 'hosts hold nothing that cannot be made again; disks of volumes are never deleted',
  description: 'resources get labels that say whose they are',
  hostname: 'hosts are known by the names of their instances',
  'boot-disk-device-name': 'nothing refers to it',
  'no-boot-disk-auto-delete': 'a host can be made again; disks of volumes are never deleted',
  'confidential-compute': 'pools of confidential VMs are not done yet',
  reservation: 'pools on reservations are not done yet',
  'reservation-affinity': 'pools on reservations are not done yet',
  'node-group': 'pools on sole-tenant nodes are not done yet',
  'resource-policies': 'snapshots are made of the coordinator; those of volumes are made with a policy of your own',
  project: 'fleet.yaml says it once, as `project`',
  region: 'a pool is in the region of its zones',
  'shielded-vtpm': ALWAYS_SHIELDED,
  'shielded-secure-boot': ALWAYS_SHIELDED,
  'shielded-integrity-monitoring': ALWAYS_SHIELDED,
  'remove-container-env': CHANGE,
  'remove-container-mounts': CHANGE,
  'clear-container-args': CHANGE,
  'clear-container-command': CHANGE,
};

/** Flags of gcloud itself, about how it talks; they say nothing about the VM. */
export const ABOUT_GCLOUD = new Set([
  'quiet',
  'async',
  'format',
  'verbosity',
  'account',
  'configuration',
  'impersonate-service-account',
  'billing-project',
  'log-http',
  'user-output-enabled',
  'no-user-output-enabled',
  'access-token-file',
]);
