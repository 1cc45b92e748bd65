/**
 * What the coordinator has of Google Cloud, put together: its own secrets before it starts, logins of registries,
 * machines that enrol by their identity, and what is looked at each minute. Loaded only where `google` is configured.
 */
import type { GoogleConfig } from '../config.ts';
import type { DoctorFinding } from '../control/control-options.ts';
import { EnrollChallenges } from '../identity/enroll-challenges.ts';
import type { InstanceIdentities } from '../identity/instance-identities.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { RegistryLogin } from '../registry/registry-client.ts';
import type { FirstAdminStore } from '../identity/first-admin.ts';
import type { Store } from '../store/store.ts';
import { ArtifactRegistry } from './artifact-registry.ts';
import { CloudSqlSource } from './cloud-sql-source.ts';
import { FleetWatch } from './fleet-watch.ts';
import { GoogleApi } from './google-api.ts';
import type { GoogleHttp } from './google-http.ts';
import { GoogleKeys } from './google-keys.ts';
import { GroupWatch } from './group-watch.ts';
import { instanceEnrollment } from './instance-enrollment.ts';
import { InstanceWatch } from './instance-watch.ts';
import { KeepReleases } from './keep-releases.ts';
import { ensureFirstAdminSecret, makeAdminSecret, readOrMakeKeySecret } from './machine-secrets.ts';
import type { MachineSecretsOptions } from './machine-secrets.ts';
import { MachineTokens } from './machine-tokens.ts';
import { Periodic } from '../periodic.ts';
import { poolLabelChanges } from './pool-labels.ts';
import { googleRegistryLogin } from './registry-login.ts';
import { SecretManager } from './secret-manager.ts';
import { SqlAdmin } from './sql-admin.ts';

export interface GoogleCloudOptions {
  readonly config: GoogleConfig;
  readonly http: GoogleHttp;
  /** The coordinator's own addresses, as `audienceOf` spells them. */
  readonly audiences: readonly string[];
  readonly store: Store;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
}

/** Who is told of what a look changed; the store has it already. */
export interface GoogleWatchers {
  readonly hostRemoved: (host: HostId) => void;
  readonly hostsLabelled: (hosts: readonly HostId[]) => void;
  readonly onFault: (error: unknown) => void;
}

const LOOK_MS = 60_000;
const KEEP_MS = 5 * 60_000;

export interface CloudSqlSourceOptions {
  readonly config: Pick<GoogleConfig, 'project' | 'secretPrefix'>;
  readonly instance: string;
  readonly http: GoogleHttp;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
}

/** The database comes before everything else of Google's that needs the store. */
export function cloudSqlSource(options: CloudSqlSourceOptions): CloudSqlSource {
  const { config, instance, http, now, ...rest } = options;
  const api = new GoogleApi(http, new MachineTokens(http, now));
  return new CloudSqlSource({
    ...config,
    ...rest,
    instance,
    admin: new SqlAdmin(api, config.project, instance),
    secrets: new SecretManager(api, config.project),
  });
}

export class GoogleCloud {
  readonly #options: GoogleCloudOptions;
  readonly #tokens: MachineTokens;
  readonly #api: GoogleApi;
  readonly #fleet: FleetWatch;
  readonly #keep: KeepReleases;
  readonly #secrets: SecretManager;
  readonly identities: InstanceIdentities;
  readonly #instances: InstanceWatch;
  readonly #groups: GroupWatch;
  #loops: readonly Periodic[] = [];

  constructor(options: GoogleCloudOptions) {
    const { config, http, audiences, store, now, randomBytes } = options;
    this.#options = options;
    this.#tokens = new MachineTokens(http, now);
    this.#api = new GoogleApi(http, this.#tokens);
    this.#fleet = new FleetWatch(this.#api, config.bucket);
    this.#secrets = new SecretManager(this.#api, config.project);
    this.#instances = new InstanceWatch({ api: this.#api, store, now });
    this.#groups = new GroupWatch(this.#api, now);
    this.#keep = new KeepReleases({ store, registry: (prefix) => new ArtifactRegistry(this.#api, prefix) });
    this.identities = instanceEnrollment({
      challenges: new EnrollChallenges({ now, randomBytes }),
      keys: new GoogleKeys(http, now),
      fleet: this.#fleet,
      audiences,
      now,
    });
  }

  /** @throws STATE_FILE_INVALID, GOOGLE_UNAVAILABLE, GOOGLE_DENIED, NOT_FOUND */
  secretsKey(): Promise<Buffer> {
    return readOrMakeKeySecret(this.#secretOptions());
  }

  /** @returns the secret that holds the token where one was put into the store, else null */
  ensureFirstAdmin(store: FirstAdminStore): Promise<string | null> {
    return ensureFirstAdminSecret(store, this.#secretOptions(), this.#options.now());
  }

  /** @param detail for the event log: who reset it @returns the secret that holds the new token */
  resetAdmin(store: FirstAdminStore, detail: string): Promise<string> {
    return makeAdminSecret(store, this.#secretOptions(), this.#options.now(), detail);
  }

  /** Null for registries of others. @throws GOOGLE_UNAVAILABLE */
  registryLogin(registry: string): Promise<RegistryLogin | null> {
    return googleRegistryLogin(registry, this.#tokens);
  }

  watch(watchers: GoogleWatchers): void {
    const { onFault } = watchers;
    this.#loops = [
      new Periodic({ everyMs: LOOK_MS, onFault, work: () => this.#look(watchers) }),
      new Periodic({ everyMs: KEEP_MS, onFault, work: () => this.#keepImages() }),
      new Periodic({ everyMs: KEEP_MS, onFault, work: () => this.#askGroups() }),
    ];
    for (const loop of this.#loops) loop.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }

  /** For `doctor`. */
  findings(): readonly DoctorFinding[] {
    return [this.#fleet.finding(), this.#instances.finding(), this.#groups.finding(), this.#keep.finding()].filter(
      (finding) => finding !== null,
    );
  }

  /** One after the other, and the later ones by the last file that could be read. */
  async #look(watchers: GoogleWatchers): Promise<void> {
    try {
      await this.#fleet.read();
    } catch (error) {
      watchers.onFault(error);
    }
    if (!this.#fleet.isKnown) return;
    await this.#label(watchers);
    await this.#instances.look(this.#fleet.manifest, watchers.hostRemoved);
  }

  async #label({ hostsLabelled }: GoogleWatchers): Promise<void> {
    const { store, now } = this.#options;
    const { hosts, events } = poolLabelChanges(this.#fleet.manifest, await store.allHosts(), now());
    if (hosts.length === 0) return;
    await store.setPoolLabels({ hosts, events });
    hostsLabelled(hosts.map(({ host }) => host));
  }

  async #askGroups(): Promise<void> {
    if (!this.#fleet.isKnown) await this.#fleet.read();
    await this.#groups.look(this.#fleet.manifest);
  }

  async #keepImages(): Promise<void> {
    if (!this.#fleet.isKnown) await this.#fleet.read();
    const { registry } = this.#fleet.manifest;
    if (registry !== null) await this.#keep.look(registry.prefix);
  }

  #secretOptions(): MachineSecretsOptions {
    const { config, randomBytes } = this.#options;
    return { secrets: this.#secrets, prefix: config.secretPrefix, randomBytes };
  }
}
