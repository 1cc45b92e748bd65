/** What the coordinator is made of: configuration, what `main.ts` opened for it, clocks and randomness. */
import type { FastifyBaseLogger } from 'fastify';
import type { CoordinatorConfig } from './config.ts';
import type { DoctorCheck } from './control/control-options.ts';
import type { GoogleCloud } from './google/google-cloud.ts';
import type { HttpServerOptions } from './http/server.ts';
import type { Installer } from './install/installer.ts';
import type { CoordinatorMetrics } from './metrics/coordinator-metrics.ts';
import type { Vault } from './secrets/vault.ts';
import type { Store } from './store/store.ts';

export interface CoordinatorOptions {
  readonly config: CoordinatorConfig;
  readonly version: string;
  readonly audiences: readonly [string, ...string[]];
  readonly tls: HttpServerOptions['tls'];
  readonly webFiles: HttpServerOptions['webFiles'];
  readonly installer: Installer;
  readonly store: Store;
  readonly vault: Vault;
  readonly metrics: CoordinatorMetrics;
  readonly log: FastifyBaseLogger;
  readonly checks: readonly DoctorCheck[];
  /** Set where it runs in a fleet on Google Cloud. */
  readonly google: GoogleCloud | null;
  /** For registries. */
  readonly fetch: typeof fetch;
  readonly enrolledHosts: number;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly randomBytes: (size: number) => Buffer;
}
