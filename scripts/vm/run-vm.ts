/**
 * A Debian 13 machine as a container: systemd is its first process, it has its own Docker Engine, and it can be rebooted
 * and switched off. Its disk (the container's layer and an anonymous volume for /var/lib/docker) lives until `remove`.
 * Not privileged: what the flags give is what a systemd, a Docker Engine and nft need.
 */
import { docker, dockerOutput, type CommandResult } from './docker-command.ts';

export const VM_IMAGE = 'longshore.local/vm/debian:13';

export interface VmOptions {
  readonly name: string;
  readonly network: string;
  /** Null: the engine's choice. */
  readonly address: string | null;
  /** Also its name within the network. */
  readonly hostname: string;
  /** Resolvers that stand in its /etc/resolv.conf; empty: the engine's. */
  readonly dns: readonly string[];
  /** `NAME:ADDRESS`, for its /etc/hosts. */
  readonly hosts: readonly string[];
  /** As of `docker run --publish`. */
  readonly publish: readonly string[];
  /** `DESTINATION via GATEWAY`, set at every boot before the network counts as up. */
  readonly routes: readonly string[];
  /** As of `docker run --volume`. */
  readonly mounts: readonly string[];
  /** As of `docker run --sysctl`: of its network namespace. */
  readonly sysctls: readonly string[];
  /** As of `docker run --device`. */
  readonly devices: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface Vm {
  readonly name: string;
  /** Runs a program in it; a code other than 0 is an answer, not an error. */
  exec(command: readonly string[], options?: { readonly input?: string }): Promise<CommandResult>;
  /** @throws where the program fails */
  output(command: readonly string[], options?: { readonly input?: string }): Promise<string>;
  /** `systemctl reboot`; resolves when it begins to boot again. */
  reboot(): Promise<void>;
  /** `systemctl poweroff`; resolves when it is off. */
  powerOff(): Promise<void>;
  /** Pulls the plug. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** With its disks. */
  remove(): Promise<void>;
  address(): Promise<string>;
}

/** The options that a VM has none of. */
export const NO_VM_OPTIONS = {
  address: null,
  dns: [],
  hosts: [],
  publish: [],
  routes: [],
  mounts: [],
  sysctls: [],
  devices: [],
  labels: {},
} as const satisfies Partial<VmOptions>;

const CAPABILITIES = [
  'SYS_ADMIN',
  'NET_ADMIN',
  'SYS_PTRACE',
  'SYS_NICE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'SYSLOG',
  'DAC_READ_SEARCH',
  'IPC_LOCK',
  'LINUX_IMMUTABLE',
  'AUDIT_CONTROL',
];

/** Makes and boots it. */
export async function startVm(options: VmOptions): Promise<Vm> {
  const cgroups = await dockerOutput(['info', '--format', '{{.CgroupVersion}}']);
  await dockerOutput(['run', '--detach', ...vmFlags(options, cgroups.trim() === '1'), VM_IMAGE, '/sbin/init']);
  return existingVm(options.name);
}

/** A VM that was started before, perhaps by another process. */
export function existingVm(name: string): Vm {
  const exec: Vm['exec'] = (command, { input } = {}) =>
    docker(['exec', ...(input === undefined ? [] : ['--interactive']), name, ...command], input);
  const start = async (): Promise<void> => {
    await dockerOutput(['start', name]);
  };
  // The connection ends with the machine, so what the command answers means nothing.
  const end = async (verb: 'reboot' | 'poweroff'): Promise<void> => {
    await exec(['systemctl', '--no-block', verb]);
    await dockerOutput(['wait', name]);
  };
  return {
    name,
    exec,
    output: async (command, { input } = {}) =>
      dockerOutput(['exec', ...(input === undefined ? [] : ['--interactive']), name, ...command], input),
    reboot: async () => {
      await end('reboot');
      await start();
    },
    powerOff: () => end('poweroff'),
    kill: async () => {
      await dockerOutput(['kill', name]);
    },
    start,
    remove: async () => {
      await dockerOutput(['rm', '--force', '--volumes', name]);
    },
    address: async () => {
      const form = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
      return (await dockerOutput(['inspect', '--format', form, name])).trim();
    },
  };
}

/** Flags of `docker run`. Pure. */
export function vmFlags(options: VmOptions, cgroupV1: boolean): readonly string[] {
  return [
    ...['--name', options.name, '--hostname', options.hostname, '--network', options.network],
    ...(options.address === null ? [] : ['--ip', options.address]),
    ...CAPABILITIES.flatMap((capability) => ['--cap-add', capability]),
    ...['--cgroupns', 'host', '--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw'],
    ...['--tmpfs', '/run', '--tmpfs', '/run/lock', '--volume', '/var/lib/docker'],
    ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'systempaths=unconfined'],
    ...['--security-opt', 'apparmor=unconfined', '--stop-signal', 'SIGRTMIN+3', '--env', 'container=docker'],
    // A systemd of Debian 13 takes the old hierarchy only when it is told twice.
    ...(cgroupV1
      ? ['--env', 'SYSTEMD_PROC_CMDLINE=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 systemd.unified_cgroup_hierarchy=0']
      : []),
    ...(options.routes.length === 0 ? [] : ['--env', `VM_ROUTES=${options.routes.join(',')}`]),
    ...(options.dns.length === 0 ? [] : ['--env', `VM_DNS=${options.dns.join(',')}`]),
    ...options.hosts.flatMap((entry) => ['--add-host', entry]),
    ...options.publish.flatMap((entry) => ['--publish', entry]),
    ...options.mounts.flatMap((entry) => ['--volume', entry]),
    ...options.sysctls.flatMap((entry) => ['--sysctl', entry]),
    ...options.devices.flatMap((entry) => ['--device', entry]),
    ...Object.entries(options.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
  ];
}
