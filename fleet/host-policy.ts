/**
 * Whether an app asks for more than the operator of a host allows. The host decides when it gets an assignment; the
 * coordinator asks the same while it plans, with what the agent stated. Everything by which a container can
 * become the host counts: `privileged` stands for capabilities, devices and namespaces of the host too, `docker_socket`
 * for mounts through which the engine or the agent's own keys could be reached.
 */
import type { AppSpec, MountSpec, ServiceSpec } from './app-spec.ts';
import type { RunEntry } from './assignment.ts';
import { problem, type Problem } from './errors.ts';

export interface HostPolicy {
  readonly privileged: boolean;
  readonly hostNetwork: boolean;
  readonly dockerSocket: boolean;
  readonly guarded: GuardedPaths;
}

export interface GuardedPaths {
  readonly dockerSocket: string;
  readonly dataDir: string;
  /** Where the engine keeps every container's files. */
  readonly engineRoot: string;
}

const MASTER_CAPABILITIES = new Set([
  'ALL',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_BOOT',
  'SYS_TIME',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'PERFMON',
  'SYSLOG',
  'DAC_READ_SEARCH',
  'BPF',
]);

/** A seccomp profile of the app's own may allow everything, so it is no better than none. */
const LOOSENS = /unconfined|disable|spc_t|^seccomp[=:](?!builtin$)/;

/** Links of the kernel that lead out of wherever they stand, to any path of the host. */
const LEADS_ANYWHERE = /^\/proc\/(\d+|self|thread-self)(\/|$)/;

/** Who may write there can make the host run what he likes. */
const SYSTEM_FOLDERS = ['/etc', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/boot', '/root', '/proc', '/sys', '/dev'];

/** What is not allowed, of every service that runs there. */
export function disallowed(
  policy: HostPolicy,
  { spec, replicas }: Pick<RunEntry, 'spec' | 'replicas'>,
): readonly { readonly service: string; readonly request: string }[] {
  return Object.entries(spec.services)
    .filter(([service]) => (replicas[service] ?? 0) > 0)
    .flatMap(([service, each]) => requestsOf(each, spec.volumes, policy).map((request) => ({ service, request })));
}

/** Null: it may run. The problem names everything at once. */
export function policyProblem(policy: HostPolicy, entry: RunEntry): Problem | null {
  const refused = disallowed(policy, entry).map(({ service, request }) => `${service}: ${request}`);
  if (refused.length === 0) return null;
  return problem('POLICY_REFUSED', `run ${entry.app}: the policy of this host does not allow ${refused.join('; ')}`);
}

function requestsOf(spec: ServiceSpec, volumes: AppSpec['volumes'], policy: HostPolicy): readonly string[] {
  const found: string[] = [];
  const shown = spec.mounts.flatMap((mount) => hostPaths(mount, volumes));
  if (!policy.privileged) {
    if (spec.privileged) found.push('privileged');
    const capabilities = spec.capAdd.filter((name) => MASTER_CAPABILITIES.has(name.toUpperCase().replace(/^CAP_/, '')));
    if (capabilities.length > 0) found.push(`cap_add ${capabilities.join(', ')}`);
    if (spec.devices.length > 0) found.push(`devices ${spec.devices.join(', ')}`);
    // `container:NAME` is a container that is not the app's.
    if (spec.pidMode !== null) found.push(`pid: ${spec.pidMode}`);
    if (/^(host|container:)/.test(spec.ipcMode ?? '')) found.push(`ipc: ${spec.ipcMode ?? ''}`);
    const unconfined = spec.securityOpt.filter((option) => LOOSENS.test(option));
    if (unconfined.length > 0) found.push(`security_opt ${unconfined.join(', ')}`);
    for (const { path, name, readOnly } of shown) {
      const system = readOnly ? undefined : SYSTEM_FOLDERS.find((folder) => overlaps(path, folder));
      if (system !== undefined) found.push(`${name}, writable (it reaches ${system}; mount it read-only)`);
    }
  }
  if (!policy.hostNetwork && spec.networkMode === 'host') found.push('network_mode: host');
  if (!policy.dockerSocket) {
    const { dockerSocket, dataDir, engineRoot } = policy.guarded;
    for (const { path, name } of shown) {
      const hidden = [dockerSocket, '/run/docker.sock', '/run/containerd', dataDir, engineRoot].find(
        (guardedPath) => guardedPath !== '' && overlaps(path, guardedPath),
      );
      if (hidden !== undefined) found.push(`${name} (it holds ${hidden})`);
      else if (LEADS_ANYWHERE.test(normalised(path))) found.push(`${name} (it leads to any path of the host)`);
    }
  }
  return found;
}

interface HostPath {
  readonly path: string;
  /** As people know the mount. */
  readonly name: string;
  readonly readOnly: boolean;
}

/** Paths of the host that the mount shows. A named volume whose options name one is a bind mount in disguise. */
function hostPaths(mount: MountSpec, volumes: AppSpec['volumes']): readonly HostPath[] {
  switch (mount.kind) {
    case 'bind':
      return [{ path: mount.source, name: `the mount ${mount.source}`, readOnly: mount.readOnly }];
    case 'volume': {
      // `device` of a bind, and the folders that the options of an overlay name: lowerdir=/a:/b.
      const options = volumes[mount.volume]?.driverOpts ?? {};
      // Its device is a path of another machine.
      if (/^(nfs4?|cifs)$/.test(options.type ?? '')) return [];
      const paths = Object.values(options)
        .flatMap((option) => option.split(/[,=:]/))
        .filter((part) => part.startsWith('/'));
      const { volume, readOnly } = mount;
      return paths.map((path) => ({ path, name: `the volume ${volume} on ${path}`, readOnly }));
    }
    case 'tmpfs':
      return [];
  }
}

/** One is the other or lies in it: mounting `/` shows everything. */
function overlaps(a: string, b: string): boolean {
  const [one, other] = [normalised(a), normalised(b)];
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

/** `/var/run` is `/run` on every current distribution. The root becomes the empty string. */
function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const joined = parts.map((part) => `/${part}`).join('');
  return `${joined}/`.startsWith('/var/run/') ? joined.slice('/var'.length) : joined;
}
