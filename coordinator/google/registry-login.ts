/** The machine's own token as a login of Google's registries. No other registry is ever shown it. */
import type { RegistryLogin } from '../registry/registry-client.ts';
import type { MachineTokens } from './machine-tokens.ts';

const GOOGLE_REGISTRY = /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)$/;

/** Null for registries of others. @throws GOOGLE_UNAVAILABLE */
export async function googleRegistryLogin(
  registry: string,
  tokens: Pick<MachineTokens, 'current'>,
): Promise<RegistryLogin | null> {
  if (!GOOGLE_REGISTRY.test(registry)) return null;
  return { username: 'oauth2accesstoken', password: await tokens.current() };
}
