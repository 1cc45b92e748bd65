/** The Docker Engine's socket on this machine: containers of the local stack get it from here. */

type Variables = Readonly<Record<string, string | undefined>>;

export function engineSocketOf(variables: Variables): string {
  const host = variables['DOCKER_HOST'] ?? '';
  return host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}

/** Null where an engine can be the local stack's. */
export function engineHostProblem(variables: Variables): string | null {
  const host = variables['DOCKER_HOST'] ?? '';
  return host === '' || host.startsWith('unix://')
    ? null
    : `DOCKER_HOST is ${host}: the local stack needs an engine of this machine, behind a socket`;
}
