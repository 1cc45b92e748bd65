/** The Docker Engine's socket on this machine: containers of the local stack get it from here. */

export function engineSocketOf(variables: Readonly<Record<string, string | undefined>>): string {
  const host = variables['DOCKER_HOST'] ?? '';
  return host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}

/** Null where an engine can be the local stack's. */
export function engineHostProblem(variables: Readonly<Record<string, string | undefined>>): string | null {
  const host = variables['DOCKER_HOST'] ?? '';
  return host === '' || host.startsWith('unix://')
    ? null
    : `DOCKER_HOST is ${host}: the local stack needs an engine of this machine, behind a socket`;
}
