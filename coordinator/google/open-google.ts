/** Google's part, loaded only where it is configured. */
import { randomBytes } from 'node:crypto';
import type { GoogleConfig } from '../config.ts';
import type { Store } from '../store/store.ts';
import type { GoogleCloud } from './google-cloud.ts';

export interface OpenGoogleOptions {
  readonly store: Store;
  readonly audiences: readonly string[];
  /** Roots for Google, PEM; undefined: Node's. */
  readonly ca: readonly string[] | undefined;
  readonly timeoutMs: number;
}

export async function openGoogle(
  config: GoogleConfig,
  { store, audiences, ca, timeoutMs }: OpenGoogleOptions,
): Promise<GoogleCloud> {
  const [cloud, client] = await Promise.all([import('./google-cloud.ts'), import('./google-http.ts')]);
  const http = client.googleHttp({ ca, timeoutMs });
  return new cloud.GoogleCloud({ config, http, audiences, store, now: Date.now, randomBytes });
}
