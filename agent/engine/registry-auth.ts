/**
 * Which credential is shown to which registry. Asked in order, the first that has one wins: what the coordinator sent
 * for this host, then the Docker configuration of the agent's user (`docker login`, credential helpers). Values never
 * appear in a message.
 */
import { DOCKER_HUB, DOCKER_HUB_INDEX } from '../../fleet/image-reference.ts';

export interface RegistryCredential {
  readonly username: string;
  readonly password: string;
  /** In place of a password, from helpers of cloud registries. */
  readonly identityToken: string | null;
}

/** @param registry `docker.io`, `127.0.0.1:5000`; @returns null where it has none for this registry */
export type CredentialSource = (registry: string, signal: AbortSignal) => Promise<RegistryCredential | null>;

export function firstCredential(sources: readonly CredentialSource[]): CredentialSource {
  return async (registry, signal) => {
    for (const source of sources) {
      const credential = await source(registry, signal);
      if (credential !== null) return credential;
    }
    return null;
  };
}

/** The engine's `X-Registry-Auth` as dockerode takes it. */
export function authConfig(registry: string, credential: RegistryCredential): Readonly<Record<string, string>> {
  // By this name the engine's containerd knows for whom the hub's password is.
  const serveraddress = registry === DOCKER_HUB ? DOCKER_HUB_INDEX : registry;
  if (credential.identityToken !== null) {
    return { username: credential.username, identitytoken: credential.identityToken, serveraddress };
  }
  return { username: credential.username, password: credential.password, serveraddress };
}
