/**
 * The digest that a tag has in its registry now, asked through the engine (which knows mirrors, certificates and
 * insecure registries), without pulling anything.
 */
import type { AuthConfig } from 'dockerode';
import { isDigest, type Digest } from '../../fleet/ids.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import { EngineClient } from './engine-client.ts';
import { isAbort, pullError, toFailure } from './engine-error.ts';
import { parseImageReference } from '../../fleet/image-reference.ts';
import { authConfig, type CredentialSource } from './registry-auth.ts';

export type ResolveDigest = (reference: string, signal: AbortSignal) => Promise<Digest>;

/** @returns a function that throws IMAGE_NOT_FOUND, REGISTRY_*, ENGINE_UNAVAILABLE */
export function digestResolver(socketPath: string, credentials: CredentialSource): ResolveDigest {
  const client = new EngineClient(socketPath);
  return async (reference, signal) => {
    const operation = `resolve ${reference}`;
    const { registry } = parseImageReference(reference);
    const credential = await credentials(registry, signal);
    return await client.call(operation, async ({ docker }) => {
      try {
        const options = credential === null ? {} : { authconfig: authConfig(registry, credential) as AuthConfig };
        const { Descriptor } = await docker.getImage(reference).distribution(options);
        if (isDigest(Descriptor.digest)) return Descriptor.digest;
        throw new LongshoreError('REGISTRY_UNAVAILABLE', `${operation}: the registry names no digest`);
      } catch (error) {
        if (isAbort(error) || error instanceof LongshoreError) throw error;
        throw pullError(operation, toFailure(error), error);
      }
    });
  };
}
