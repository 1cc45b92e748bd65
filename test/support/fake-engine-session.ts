/**
 * The engine port over a `FakeEngine`, as one agent process of one host sees it. `lose()` ends that process as SIGKILL
 * does: no call settles and nothing has an effect any more. `loseAt` does so at an exact call, before or after its effect.
 */
import { definitionChanges } from '../../fleet/volume-definition.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { VolumeSpec } from '../../fleet/app-spec.ts';
import type { AppName, HostId, InstanceId } from '../../fleet/ids.ts';
import type {
  ContainerEngine,
  ContainerObservation,
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
} from '../../agent/engine/container-engine.ts';
import { FakeContainer } from './fake-container.ts';
import type { EngineOperation, FakeEngine } from './fake-engine.ts';
import { withResolvers } from './with-resolvers.ts';

/** One agent process's view. After `lose()` no call settles and nothing has an effect any more. */
export class FakeEngineSession implements ContainerEngine {
  readonly #engine: FakeEngine;
  readonly #host: HostId;
  readonly #lost = withResolvers<undefined>();
  #alive = true;
  #losing: { readonly operation: EngineOperation; readonly when: 'before' | 'after'; left: number } | null = null;

  constructor(engine: FakeEngine, host: HostId) {
    this.#engine = engine;
    this.#host = host;
  }

  /** Resolves when the process is lost. */
  get lost(): Promise<undefined> {
    return this.#lost.promise;
  }

  lose(): void {
    this.#alive = false;
    this.#lost.resolve(undefined);
  }

  /** The process is lost just before or just after the effect of the nth call (1 = the next) of this operation. */
  loseAt(operation: EngineOperation, when: 'before' | 'after', nth = 1): void {
    this.#losing = { operation, when, left: nth };
  }

  describe(): Promise<EngineDescription> {
    return this.#call('describe', null, () => ({
      version: '27.0.0-fake',
      apiVersion: '1.46',
      platform: this.#engine.platform,
      imageStore: 'graphdriver' as const,
      rootDir: '/var/lib/docker',
    }));
  }

  observe(): Promise<EngineObservation> {
    return this.#call('observe', null, () => ({
      containers: this.#mine().map((each): ContainerObservation => each.observe(this.#engine.nowMs)),
      networks: [...this.#engine.networks.values()]
        .filter((each) => each.host === this.#host)
        .map(({ host: _, ...seen }) => seen),
      volumes: [...this.#engine.volumes.values()]
        .filter((each) => each.host === this.#host)
        .map(({ host: _, ...seen }) => seen),
    }));
  }

  async watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    await this.#call('watch', null, () => undefined);
    await this.#engine.watch(
      this.#host,
      () => {
        if (this.#alive) onChange();
      },
      signal,
    );
  }

  findImage(request: PullRequest): Promise<ImageFacts | null> {
    return this.#call(
      'findImage',
      null,
      () => [...this.#engine.disk.values()].find((each) => each.digest === request.digest)?.facts ?? null,
    );
  }

  pullImage(
    request: PullRequest,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<ImageFacts> {
    return this.#call('pullImage', request.reference, () => {
      signal.throwIfAborted();
      const image = this.#engine.registry.get(request.digest);
      if (image === undefined)
        throw new LongshoreError('IMAGE_NOT_FOUND', `pull ${request.reference}@${request.digest}: manifest unknown`);
      onProgress({ layersDone: 1, layers: 1, bytesDone: image.facts.sizeBytes, isDownloading: false });
      this.#engine.disk.set(image.facts.imageId, image);
      return image.facts;
    });
  }

  holdImage(imageId: string, app: AppName, service: string, release: number): Promise<void> {
    const name = `${this.#host}/${app}/${service}:${release}`;
    return this.#call('holdImage', name, () => {
      if (!this.#engine.disk.has(imageId)) throw new LongshoreError('ENGINE_REFUSED', `tag ${imageId}: no such image`);
      this.#engine.tags.set(name, {
        host: this.#host,
        app,
        service,
        release,
        imageId,
        createdAtMs: this.#engine.nowMs,
      });
    });
  }

  heldImages(): Promise<readonly HeldImage[]> {
    return this.#call('heldImages', null, () =>
      [...this.#engine.tags.values()].filter((each) => each.host === this.#host).map(({ host: _, ...held }) => held),
    );
  }

  releaseImage(held: HeldImage): Promise<void> {
    const name = `${this.#host}/${held.app}/${held.service}:${held.release}`;
    return this.#call('releaseImage', name, () => {
      this.#engine.tags.delete(name);
      const named = [...this.#engine.tags.values()].some((each) => each.imageId === held.imageId);
      const used = [...this.#engine.containers.values()].some((each) => each.plan.imageId === held.imageId);
      if (!named && !used) this.#engine.disk.delete(held.imageId);
    });
  }

  ensureNetwork(app: AppName, subnet: string): Promise<NetworkObservation> {
    const name = `longshore-${this.#host}-${app}`;
    return this.#call('ensureNetwork', name, () => {
      const found = this.#engine.networks.get(name);
      if (found !== undefined) return { app: found.app, id: found.id, name, subnet: found.subnet };
      if ([...this.#engine.networks.values()].some((each) => each.subnet === subnet)) {
        throw new LongshoreError('CONFLICT', `create network ${name}: subnet ${subnet} overlaps with another network`);
      }
      const made = { app, id: `net-${this.#engine.effects.length}`, name, subnet };
      this.#engine.networks.set(name, { ...made, host: this.#host });
      return made;
    });
  }

  removeNetwork(app: AppName): Promise<void> {
    const name = `longshore-${this.#host}-${app}`;
    return this.#call('removeNetwork', name, () => {
      const isUsed = (each: FakeContainer): boolean => each.plan.network === name && each.isRunning(this.#engine.nowMs);
      if (this.#mine().some(isUsed))
        throw new LongshoreError('ENGINE_REFUSED', `remove network ${name}: it has active endpoints`);
      this.#engine.networks.delete(name);
    });
  }

  ensureVolume(app: AppName, volume: string, spec: VolumeSpec): Promise<string> {
    const name = spec.name ?? (spec.external ? volume : `longshore-${this.#host}-${app}-${volume}`);
    return this.#call('ensureVolume', name, () => {
      if (spec.external) {
        if (this.#engine.volumes.has(name) || this.#engine.externalVolumes.has(name)) return name;
        throw new LongshoreError('NOT_FOUND', `find volume ${name} of ${app}: it is external and not on this host`);
      }
      // As Docker: what has the name stays as it is.
      const found = this.#engine.volumes.get(name);
      const existing = found === undefined ? spec : { driver: found.driver, driverOpts: found.options };
      if (definitionChanges(existing, spec).length > 0)
        throw new LongshoreError('VOLUME_CHANGED', `create volume ${name}: it exists with another definition`);
      const { driver, driverOpts: options } = spec;
      this.#engine.volumes.set(
        name,
        found ?? { app, volume, name, driver: driver ?? 'local', options, host: this.#host },
      );
      return name;
    });
  }

  removeVolume(app: AppName, volume: string, _anonymous: string | null): Promise<void> {
    return this.#call('removeVolume', volume, () => {
      for (const each of [...this.#engine.volumes.values()]) {
        if (each.host === this.#host && each.app === app && each.volume === volume)
          this.#engine.volumes.delete(each.name);
      }
    });
  }

  create(plan: InstancePlan): Promise<string> {
    return this.#call('create', plan.instance, () => {
      const found = this.#find(plan.instance);
      if (found !== undefined) return found.engineId;
      const image = this.#engine.disk.get(plan.imageId);
      if (image === undefined)
        throw new LongshoreError('IMAGE_NOT_FOUND', `create ${plan.instance}: no image ${plan.imageId}`);
      if (plan.network !== null && !this.#engine.networks.has(plan.network))
        throw new LongshoreError('ENGINE_REFUSED', `create ${plan.instance}: no network ${plan.network}`);
      for (const name of [...Object.values(plan.volumes), ...Object.values(plan.imageVolumes)])
        if (!this.#engine.hasVolume(name))
          throw new LongshoreError('VOLUME_MISSING', `create ${plan.instance}: volume ${name} is not on this host`);
      if (image.behaviour.createRefused !== null)
        throw new LongshoreError('ENGINE_REFUSED', `create ${plan.instance}: ${image.behaviour.createRefused}`);
      const container = new FakeContainer(plan, image.behaviour, image.facts, this.#engine.containers.size + 1);
      this.#engine.containers.set(container.engineId, container);
      return container.engineId;
    });
  }

  start(instance: InstanceId): Promise<void> {
    return this.#call('start', instance, () => {
      const container = this.#need(instance, 'start');
      if (container.isRunning(this.#engine.nowMs)) return;
      const network = this.#engine.networks.get(container.plan.network ?? '');
      const isGone = network === undefined || (container.networkId !== null && container.networkId !== network.id);
      if (container.address !== null && isGone)
        throw new LongshoreError('NOT_FOUND', `start ${instance}: network ${container.networkId ?? ''} not found`);
      if (container.address !== null && this.#engine.strangers.has(container.address))
        throw new LongshoreError('ADDRESS_IN_USE', `start ${instance}: address already in use`);
      for (const other of this.#engine.containers.values()) {
        if (other === container || !other.isRunning(this.#engine.nowMs)) continue;
        if (container.address !== null && other.address === container.address)
          throw new LongshoreError('ADDRESS_IN_USE', `start ${instance}: address ${container.address} is in use`);
        const port = other.hostPorts.find((each) => container.hostPorts.includes(each));
        if (port !== undefined)
          throw new LongshoreError('PORT_IN_USE', `start ${instance}: host port ${port} is taken`);
      }
      container.start(this.#engine.nowMs, network?.id ?? null);
    });
  }

  stop(instance: InstanceId, _graceMs: number): Promise<void> {
    return this.#call('stop', instance, () => this.#find(instance)?.stop(this.#engine.nowMs));
  }

  remove(instance: InstanceId): Promise<void> {
    return this.#call('remove', instance, () => {
      const container = this.#find(instance);
      if (container !== undefined) this.#engine.containers.delete(container.engineId);
    });
  }

  setRestart(instance: InstanceId, policy: { readonly name: string; readonly maxAttempts: number }): Promise<void> {
    return this.#call('setRestart', instance, () => this.#need(instance, 'update').setRestart(policy.name));
  }

  setNames(instance: InstanceId, network: string, address: string, names: NetworkNames): Promise<void> {
    return this.#call('setNames', instance, () => {
      const taken = [...this.#engine.containers.values()].some(
        (each) => each.plan.instance !== instance && each.isRunning(this.#engine.nowMs) && each.address === address,
      );
      if (taken)
        throw new LongshoreError('ADDRESS_IN_USE', `connect ${instance} to ${network}: address ${address} is in use`);
      const found = this.#engine.networks.get(network);
      if (found === undefined)
        throw new LongshoreError('NOT_FOUND', `connect ${instance} to ${network}: network not found`);
      this.#need(instance, 'connect').setNames(address, names, found.id);
    });
  }

  exec(
    instance: InstanceId,
    command: readonly string[],
    _timeoutMs: number,
    _signal: AbortSignal,
  ): Promise<ExecResult> {
    return this.#call('exec', instance, () => {
      const container = this.#need(instance, 'exec');
      if (!container.isRunning(this.#engine.nowMs))
        throw new LongshoreError('CONFLICT', `exec in ${instance}: it is not running`);
      return container.exec(command, this.#engine.nowMs);
    });
  }

  async openExec(
    instance: InstanceId,
    command: readonly string[],
    _options: unknown,
    onChunk: OnChunk,
    signal: AbortSignal,
  ): Promise<OutputStream> {
    const result = await this.exec(instance, command, 0, signal);
    const done = onChunk(1, new TextEncoder().encode(result.output)).then(() => result.exitCode);
    return { exitCode: done, write: (data) => onChunk(1, data), end: () => undefined, resize: async () => undefined };
  }

  async readLogs(
    instance: InstanceId,
    options: { readonly follow: boolean; readonly tail: number | null; readonly after?: string | null },
    onChunk: OnChunk,
    signal: AbortSignal,
  ): Promise<string | null> {
    const lines = await this.#call('readLogs', instance, () => this.#need(instance, 'logs').log);
    // Its moments are the numbers of the lines.
    const fresh = lines.slice(Number(options.after ?? 0));
    for (const line of options.tail === null ? fresh : fresh.slice(-options.tail)) {
      if (signal.aborted) return null;
      await onChunk(1, new TextEncoder().encode(`${line}\n`));
    }
    return options.follow && fresh.length > 0 ? String(lines.length) : null;
  }

  #mine(): readonly FakeContainer[] {
    return this.#engine.containersOf(this.#host);
  }

  #find(instance: InstanceId): FakeContainer | undefined {
    return this.#mine().find((each) => each.plan.instance === instance);
  }

  #need(instance: InstanceId, operation: string): FakeContainer {
    const found = this.#find(instance);
    if (found === undefined) throw new LongshoreError('NOT_FOUND', `${operation} ${instance}: no such container`);
    return found;
  }

  /** @param object null for a call without effect */
  async #call<T>(operation: EngineOperation, object: string | null, effect: () => T): Promise<T> {
    this.#dieIfDue(operation, 'before');
    if (this.#alive) await this.#engine.enter(operation);
    if (!this.#alive) return never();
    const answer = effect();
    if (object !== null) this.#engine.record(this.#host, operation, object);
    this.#dieIfDue(operation, 'after');
    // Read again: `dieIfDue` may have ended the process, and then nobody is there to take the answer.
    return this.#isAlive() ? answer : never();
  }

  #isAlive(): boolean {
    return this.#alive;
  }

  #dieIfDue(operation: EngineOperation, when: 'before' | 'after'): void {
    const losing = this.#losing;
    if (losing?.operation !== operation || losing.when !== when) return;
    losing.left -= 1;
    if (losing.left > 0) return;
    this.#losing = null;
    this.lose();
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
