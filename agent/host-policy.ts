/**
 * Whether an entry asks for more than the operator of this host allows (D33). Pure. Everything by which a container can
 * become the host counts: `privileged` stands for capabilities, devices and namespaces of the host too, `docker_socket`
 * for mounts through which the engine or the agent's own keys could be reached.
 */
import type { ServiceSpec } from '../fleet/app-spec.ts';
import type { RunEntry } from '../fleet/assignment.ts';
import { problem, type Problem } from '../fleet/errors.ts';
import type { HostPolicy } from './config.ts';

export interface GuardedPaths {
  readonly dockerSocket: string;
  readonly dataDir: string;
}

const MASTER_CAPABILITIES = new Set([
  'ALL',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'DAC_READ_SEARCH',
  'BPF',
]);

/** Null: it may run. The problem names every service and wish at once. */
export function policyProblem(policy: HostPolicy, guarded: GuardedPaths, entry: RunEntry): Problem | null {
  const refused = Object.entries(entry.spec.services)
    .filter(([service]) => (entry.replicas[service] ?? 0) > 0)
    .flatMap(([service, spec]) => wishes(spec, policy, guarded).map((wish) => `${service}: ${wish}`));
  if (refused.length === 0) return null;
  return problem('POLICY_REFUSED', `run ${entry.app}: the policy of this host does not allow ${refused.join('; ')}`);
}

function wishes(spec: ServiceSpec, policy: HostPolicy, guarded: GuardedPaths): readonly string[] {
  const found: string[] = [];
  if (!policy.privileged) {
    if (spec.privileged) found.push('privileged');
    const capabilities = spec.capAdd.filter((name) => MASTER_CAPABILITIES.has(name.toUpperCase().replace(/^CAP_/, '')));
    if (capabilities.length > 0) found.push(`cap_add ${capabilities.join(', ')}`);
    if (spec.devices.length > 0) found.push(`devices ${spec.devices.join(', ')}`);
    if (spec.pidMode === 'host') found.push('pid: host');
    if (spec.ipcMode === 'host') found.push('ipc: host');
    const unconfined = spec.securityOpt.filter((option) => /unconfined|disable/.test(option));
    if (unconfined.length > 0) found.push(`security_opt ${unconfined.join(', ')}`);
  }
  if (!policy.hostNetwork && spec.networkMode === 'host') found.push('network_mode: host');
  if (!policy.dockerSocket) {
    for (const mount of spec.mounts) {
      if (mount.kind !== 'bind') continue;
      const hidden = [guarded.dockerSocket, '/run/docker.sock', '/run/containerd', guarded.dataDir].find((path) =>
        overlaps(mount.source, path),
      );
      if (hidden !== undefined) found.push(`the mount ${mount.source} (it holds ${hidden})`);
    }
  }
  return found;
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
