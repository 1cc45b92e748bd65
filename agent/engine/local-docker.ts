/** dockerode on the configured socket and nothing else: every field that it would take from DOCKER_HOST is given. */
import Docker from 'dockerode';

export function localDocker(socketPath: string): Docker {
  return new Docker({
    socketPath,
    protocol: 'http',
    host: undefined,
    port: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
  });
}
