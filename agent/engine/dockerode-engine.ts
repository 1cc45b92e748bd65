/**
 * The engine port over the real Docker Engine. It only joins the parts: each call goes to the part that owns it, and
 * what was changed is forgotten by the observer, so that the next observation is true.
 */
import type { VolumeSpec } from '../../fleet/app-spec.ts';
import type { AppName, HostId, InstanceId } from '../../fleet/ids.ts';
import type { Clock } from '../clock.ts';
import { AppResources } from './app-resources.ts';
import type {
  ContainerEngine,
  EngineDescription,
  EngineObservation,
  ExecResult,
  HeldImage,
  ImageFacts,
  InstancePlan,
  NetworkNames,
  NetworkObservation,
  OnChunk,
  OutputStream,
  PullProgress,
  PullRequest,
} from './container-engine.ts';
import { ContainerExec, type ExecOptions } from './container-exec.ts';
import { readContainerLogs, type LogOptions } from './container-logs.ts';
import { ContainerObserver } from './container-observer.ts';
import { EngineClient } from './engine-client.ts';
import { describeEngine } from './engine-description.ts';
import { type EngineEvent, watchEvents } from './event-stream.ts';
import { pullImage } from './image-pull.ts';
import { ImageStore } from './image-store.ts';
import { InstanceOperations } from './instance-operations.ts';
import type { CredentialSource } from './registry-auth.ts';
import type { FreeBytes } from './space-check.ts';

export interface DockerodeEngineOptions {
  /** Of the local engine: `/var/run/docker.sock`. */
  readonly socketPath: string;
  readonly host: HostId;
  /** Stands in the labels of what is made. */
  readonly dataDir?: string;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** Free disk at a path of this machine: `freeBytesAt`. */
  readonly freeBytes: FreeBytes;
  /** An app may use volumes of another one; false where it is not said. */
  readonly sharedVolumes?: boolean;
  /** Without an answer for so long, the engine is away; `CALL_LIMIT_MS` where it is not said. */
  readonly callLimitMs?: number;
}

export class DockerodeEngine implements ContainerEngine {
  readonly #options: DockerodeEngineOptions;
  readonly #client: EngineClient;
  readonly #resources: AppResources;
  readonly #observer: ContainerObserver;
  readonly #instances: InstanceOperations;
  readonly #images: ImageStore;
  readonly #exec: ContainerExec;

  constructor(options: DockerodeEngineOptions) {
    const { host } = options;
    this.#options = options;
    this.#client = new EngineClient(options.socketPath, options.callLimitMs);
    this.#resources = new AppResources(this.#client, host, options.dataDir ?? null);
    this.#observer = new ContainerObserver(this.#client, host, this.#resources);
    this.#instances = new InstanceOperations(
      this.#client,
      host,
      options.sharedVolumes ?? false,
      options.dataDir ?? null,
    );
    this.#images = new ImageStore(this.#client, host, options.clock);
    this.#exec = new ContainerExec(this.#client, host, options.clock);
  }

  describe(signal: AbortSignal): Promise<EngineDescription> {
    return describeEngine(this.#client, this.#options.socketPath, signal);
  }

  observe(signal: AbortSignal): Promise<EngineObservation> {
    return this.#observer.observe(signal);
  }

  watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === 'container') this.#observer.forgetContainer(event.engineId);
      else this.#observer.forgetResources();
      onChange();
    };
    return watchEvents(this.#client, this.#options.host, onEvent, signal);
  }

  findImage(request: PullRequest): Promise<ImageFacts | null> {
    return this.#images.find(request);
  }

  pullImage(
    request: PullRequest,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<ImageFacts> {
    const { credentials, freeBytes } = this.#options;
    return pullImage(
      { client: this.#client, images: this.#images, credentials, freeBytes },
      request,
      onProgress,
      signal,
    );
  }

  holdImage(imageId: string, app: AppName, service: string, release: number): Promise<void> {
    return this.#images.hold(imageId, app, service, release);
  }

  heldImages(): Promise<readonly HeldImage[]> {
    return this.#images.held();
  }

  releaseImage(held: HeldImage): Promise<void> {
    return this.#images.release(held);
  }

  ensureNetwork(app: AppName, subnet: string): Promise<NetworkObservation> {
    return this.#changingResources(this.#resources.ensureNetwork(app, subnet));
  }

  removeNetwork(app: AppName): Promise<void> {
    return this.#changingResources(this.#resources.removeNetwork(app));
  }

  ensureVolume(app: AppName, volume: string, spec: VolumeSpec): Promise<string> {
    return this.#changingResources(this.#resources.ensureVolume(app, volume, spec));
  }

  removeVolume(app: AppName, volume: string, name: string | null): Promise<void> {
    return this.#changingResources(this.#resources.removeVolume(app, volume, name));
  }

  create(plan: InstancePlan): Promise<string> {
    // A network that somebody removed by hand shows as a create that fails: look again then.
    return this.#changing(plan.instance, this.#instances.create(plan)).catch((error: unknown) => {
      this.#observer.forgetResources();
      throw error;
    });
  }

  start(instance: InstanceId): Promise<void> {
    return this.#changing(instance, this.#instances.start(instance));
  }

  stop(instance: InstanceId, graceMs: number): Promise<void> {
    return this.#changing(instance, this.#instances.stop(instance, graceMs));
  }

  remove(instance: InstanceId): Promise<void> {
    return this.#changing(instance, this.#instances.remove(instance));
  }

  setRestart(instance: InstanceId, policy: { readonly name: string; readonly maxAttempts: number }): Promise<void> {
    return this.#changing(instance, this.#instances.setRestart(instance, policy));
  }

  setNames(instance: InstanceId, network: string, address: string, names: NetworkNames): Promise<void> {
    return this.#changing(instance, this.#instances.setNames(instance, network, address, names));
  }

  exec(instance: InstanceId, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult> {
    return this.#exec.run(instance, command, timeoutMs, signal);
  }

  openExec(
    instance: InstanceId,
    command: readonly string[],
    options: ExecOptions,
    onChunk: OnChunk,
    signal: AbortSignal,
  ): Promise<OutputStream> {
    return this.#exec.open(instance, command, options, onChunk, signal);
  }

  readLogs(instance: InstanceId, options: LogOptions, onChunk: OnChunk, signal: AbortSignal): Promise<string | null> {
    return readContainerLogs(this.#client, this.#options.host, instance, options, onChunk, signal);
  }

  /** Also after a failure: a call whose answer was lost may have had its effect. */
  async #changing<T>(instance: InstanceId, call: Promise<T>): Promise<T> {
    return call.finally(() => this.#observer.forgetInstance(instance));
  }

  async #changingResources<T>(call: Promise<T>): Promise<T> {
    return call.finally(() => this.#observer.forgetResources());
  }
}
