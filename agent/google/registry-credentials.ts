/**
 * The machine's own token as a login of Google's registries, kept until shortly before its end. No other registry is
 * ever shown it. What an operator stored for a registry comes before it.
 */
import type { Clock } from '../clock.ts';
import type { CredentialSource, RegistryCredential } from '../engine/registry-auth.ts';
import type { MetadataServer } from './metadata-server.ts';

/** The metadata server has a new token five minutes before the old one's end. */
const RENEW_BEFORE_MS = 4 * 60_000;
const GOOGLE_REGISTRY = /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)$/;

export function googleRegistryCredentials(
  metadata: Pick<MetadataServer, 'accessToken'>,
  clock: Pick<Clock, 'now'>,
): CredentialSource {
  let known: { readonly credential: RegistryCredential; readonly renewAtMs: number } | null = null;
  return async (registry, signal) => {
    if (!GOOGLE_REGISTRY.test(registry)) return null;
    const nowMs = clock.now().monotonicMs;
    if (known === null || known.renewAtMs <= nowMs) {
      const { token, expiresInMs } = await metadata.accessToken(signal);
      known = {
        credential: { username: 'oauth2accesstoken', password: token, identityToken: null },
        renewAtMs: nowMs + expiresInMs - RENEW_BEFORE_MS,
      };
    }
    return known.credential;
  };
}
