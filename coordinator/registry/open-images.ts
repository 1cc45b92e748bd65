/** What the coordinator knows of images: digests and facts, each asked of its registry with the login for it. */
import type { CoordinatorConfig } from '../config.ts';
import type { ImagesPort } from '../control/control-options.ts';
import type { Digest } from '../../fleet/ids.ts';
import type { GoogleCloud } from '../google/google-cloud.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Store } from '../store/store.ts';
import { countedFetch } from './counted-fetch.ts';
import type { RegistryResult } from './counted-fetch.ts';
import { DigestResolver } from './digest-resolver.ts';
import { ImageFactsReader } from './image-facts.ts';
import { loginFor } from './logins.ts';
import { headDigest } from './registry-client.ts';
import type { RegistryLogin } from './registry-client.ts';

/** Hosts that tick in the same minute ask for the same tags. */
const REMEMBER_DIGEST_MS = 60_000;
const REGISTRY_TIMEOUT_MS = 20_000;
/** A plan is good without what it says. */
const IMAGE_CONFIG_TIMEOUT_MS = 3_000;

export interface OpenImagesOptions {
  readonly config: Pick<CoordinatorConfig, 'insecureRegistries' | 'dockerConfigFile'>;
  readonly store: Store;
  readonly vault: Vault;
  /** Set where it runs in a fleet on Google Cloud. */
  readonly google: GoogleCloud | null;
  readonly fetch: typeof fetch;
  readonly onAsked: (result: RegistryResult) => void;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Asks a host, where the registry cannot be reached from here; null = no host is connected. */
  readonly resolve: (reference: string) => Promise<Digest | null>;
}

export function openImages(options: OpenImagesOptions): ImagesPort {
  const { config, store, vault, now, google, resolve } = options;
  const fetch = countedFetch(options.fetch, options.onAsked);
  const client = { fetch, now, insecure: config.insecureRegistries, timeoutMs: REGISTRY_TIMEOUT_MS };
  const login = (registry: string): Promise<RegistryLogin | null> =>
    loginFor(registry, {
      store,
      vault,
      dockerConfigFile: config.dockerConfigFile,
      ofMachine: async (asked) => (await google?.registryLogin(asked)) ?? null,
    });
  const facts = new ImageFactsReader({ login, client: { ...client, timeoutMs: IMAGE_CONFIG_TIMEOUT_MS } });
  const digests = new DigestResolver({
    head: async (image) => headDigest(image, await login(image.registry), client),
    askHost: resolve,
    now,
    rememberMs: REMEMBER_DIGEST_MS,
  });
  return {
    resolve: (reference, fresh) => digests.resolve(reference, fresh),
    facts: (reference, digest, platform) => facts.of(reference, digest, platform),
  };
}
