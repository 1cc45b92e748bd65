/**
 * The container engine in memory, with scripted behaviour. The state (containers, networks, images, tags) belongs to
 * `FakeEngine` and outlives the agent: a `FakeEngineSession` over it is the port as one agent process sees it. When that
 * is lost, a second session finds what the first one left.
 *
 * Time is the test's: states follow from `now()`, and `settle()` tells watchers what has changed meanwhile.
 * Refuses what Docker refuses: an address or a running host port held twice, a create without image or network.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Digest, HostId } from '../../fleet/ids.ts';
import type {
  ContainerEngine,
  HeldImage,
  ImageFacts,
  NetworkObservation,
  VolumeObservation,
} from '../../agent/engine/container-engine.ts';
import { isAnonymousVolume } from '../../agent/engine/engine-names.ts';
import { type FakeContainer, type FakeBehaviour, workingBehaviour } from './fake-container.ts';
import { withResolvers } from './with-resolvers.ts';

export type EngineOperation = keyof ContainerEngine;

/** One effect on the engine, in order. */
export interface FakeEffect {
  readonly atMs: number;
  readonly host: HostId;
  readonly operation: EngineOperation;
  /** Instance, app, or tag. */
  readonly object: string;
}

export interface FakeImage {
  readonly digest: Digest;
  readonly facts: ImageFacts;
  readonly behaviour: FakeBehaviour;
}

export interface FakeEngineOptions {
  readonly now: () => number;
  readonly platform?: string;
}

export class FakeEngine {
  readonly #now: () => number;
  readonly platform: string;
  readonly containers = new Map<string, FakeContainer>();
  readonly networks = new Map<string, NetworkObservation & { readonly host: HostId }>();
  readonly volumes = new Map<string, VolumeObservation & { readonly host: HostId }>();
  /** Addresses of containers that somebody else attached to our networks. */
  readonly strangers = new Set<string>();
  /** Engine names of volumes that somebody else made. */
  readonly externalVolumes = new Set<string>();
  /** What the registry offers, by digest. */
  readonly registry = new Map<Digest, FakeImage>();
  /** What is on the disk, by the engine's id. */
  readonly disk = new Map<string, FakeImage>();
  /** Our tags: name -> held image. */
  readonly tags = new Map<string, HeldImage & { readonly host: HostId }>();
  readonly effects: FakeEffect[] = [];
  readonly #failures = new Map<EngineOperation, { error: LongshoreError; times: number }[]>();
  readonly #holds = new Map<EngineOperation, Promise<void>>();
  readonly #watchers = new Set<{ readonly host: HostId; readonly onChange: () => void; readonly end: () => void }>();
  readonly #lowest = new Map<string, number>();
  #lastStates = '';
  #up = true;

  constructor(options: FakeEngineOptions) {
    this.#now = options.now;
    this.platform = options.platform ?? 'linux/amd64';
  }

  get nowMs(): number {
    return this.#now();
  }

  /** Puts an image into the registry; what its containers do is `behaviour`. */
  offerImage(digest: Digest, behaviour: Partial<FakeBehaviour> = {}, facts: Partial<ImageFacts> = {}): FakeImage {
    const image: FakeImage = {
      digest,
      facts: {
        imageId: `sha256:fake${digest.slice(7, 19)}`,
        sizeBytes: 1_000_000,
        hasHealthcheck: false,
        user: '',
        volumes: [],
        ...facts,
      },
      behaviour: { ...workingBehaviour, ...behaviour },
    };
    this.registry.set(digest, image);
    return image;
  }

  /** An anonymous one is taken to be there. */
  hasVolume(name: string): boolean {
    return this.volumes.has(name) || this.externalVolumes.has(name) || isAnonymousVolume(name);
  }

  /** The next `times` calls of the operation fail with this error, before they have any effect. */
  failNext(operation: EngineOperation, error: LongshoreError, times = 1): void {
    const queue = this.#failures.get(operation) ?? [];
    queue.push({ error, times });
    this.#failures.set(operation, queue);
  }

  /** Calls of the operation wait (before their effect) until the returned function is called. */
  hold(operation: EngineOperation): () => void {
    const { promise, resolve } = withResolvers<undefined>();
    this.#holds.set(operation, promise);
    return () => {
      this.#holds.delete(operation);
      resolve(undefined);
    };
  }

  /** As dockerd stopping and starting: meanwhile every call fails with ENGINE_UNAVAILABLE, event streams end. */
  setUp(up: boolean): void {
    this.#up = up;
    if (up) return;
    for (const watcher of [...this.#watchers]) watcher.end();
  }

  /** As a reboot: everything that ran has stopped; what has a restart policy other than `no` runs again. */
  reboot(): void {
    this.setUp(false);
    for (const container of this.containers.values()) container.reboot(this.#now());
    this.setUp(true);
    this.settle();
  }

  /** Tells watchers if any container has changed its state by itself since the last call. */
  settle(): void {
    this.#recordLowest();
    const states = [...this.containers.values()]
      .map(
        (each) => `${each.plan.instance}:${each.state(this.#now())}:${each.health(this.#now())}:${each.address ?? ''}`,
      )
      .join();
    if (states === this.#lastStates) return;
    this.#lastStates = states;
    for (const watcher of [...this.#watchers]) watcher.onChange();
  }

  /** As `docker network prune`: networks that no running container uses. */
  pruneNetworks(): void {
    for (const { name } of [...this.networks.values()]) {
      const isUsed = [...this.containers.values()].some(
        (each) => each.plan.network === name && each.address !== null && each.isRunning(this.#now()),
      );
      if (!isUsed) this.networks.delete(name);
    }
  }

  /** What a probe of this address would find now. */
  answers(address: string): boolean {
    return [...this.containers.values()].some((each) => each.address === address && each.serves(this.#now()));
  }

  /** Instances that a running container finds under a name, as the engine's DNS answers it. */
  resolve(asking: FakeContainer, name: string): readonly FakeContainer[] {
    const sought = asking.names.links[name] ?? name;
    return [...this.containers.values()].filter(
      (each) =>
        each.plan.network === asking.plan.network &&
        each.address !== null &&
        each.isRunning(this.#now()) &&
        each.names.aliases.includes(sought),
    );
  }

  /** Fewest serving containers of the service since it first had one (or since `forgetLowest`). */
  lowestServing(host: HostId, app: string, service: string): number | null {
    this.#recordLowest();
    return this.#lowest.get(`${host}/${app}/${service}`) ?? null;
  }

  forgetLowest(): void {
    this.#lowest.clear();
  }

  servingCount(host: HostId, app: string, service: string): number {
    return this.containersOf(host).filter(
      (each) => each.plan.app === app && each.plan.service.name === service && each.serves(this.#now()),
    ).length;
  }

  containersOf(host: HostId): readonly FakeContainer[] {
    return [...this.containers.values()].filter((each) => each.plan.host === host);
  }

  /** @internal Called by sessions before each call. */
  async enter(operation: EngineOperation): Promise<void> {
    await this.#holds.get(operation);
    if (!this.#up) throw new LongshoreError('ENGINE_UNAVAILABLE', `${operation}: the engine does not answer`);
    const failure = this.#failures.get(operation)?.[0];
    if (failure === undefined) return;
    failure.times -= 1;
    if (failure.times <= 0) this.#failures.get(operation)?.shift();
    throw failure.error;
  }

  /** @internal Called by sessions after each effect. */
  record(host: HostId, operation: EngineOperation, object: string): void {
    this.effects.push({ atMs: this.#now(), host, operation, object });
    this.settle();
  }

  /** @internal */
  async watch(host: HostId, onChange: () => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = withResolvers<undefined>();
    const watcher = {
      host,
      onChange,
      end: () => {
        this.#watchers.delete(watcher);
        resolve(undefined);
      },
    };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', watcher.end, { once: true });
    await promise;
  }

  #recordLowest(): void {
    const counts = new Map<string, number>([...this.#lowest.keys()].map((key) => [key, 0]));
    for (const each of this.containers.values()) {
      const key = `${each.plan.host}/${each.plan.app}/${each.plan.service.name}`;
      if (each.serves(this.#now())) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts) this.#lowest.set(key, Math.min(count, this.#lowest.get(key) ?? count));
  }
}
