/**
 * The Docker Engine as scripts and tests ask it. Each call makes a connection of its own: the engine closes one that
 * was idle for five minutes, and a program that was busy or suspended meanwhile would write its next question into it.
 */
import http from 'node:http';
import https from 'node:https';
import Docker from 'dockerode';

/** The engine of DOCKER_HOST or of the default socket, or the one behind the given socket. */
export function openDocker(options: { readonly socketPath?: string } = {}): Docker {
  const docker = new Docker(options.socketPath === undefined ? undefined : { socketPath: options.socketPath });
  const modem = docker.modem as unknown as { readonly protocol: string; agent?: http.Agent };
  const { Agent } = modem.protocol === 'https' ? https : http;
  modem.agent = new Agent({ keepAlive: false });
  return docker;
}
