/**
 * What runs, in as few calls as possible. An idle turn costs one list call: a container is inspected again only when
 * its list entry says that something happened to it (`changeKey`), when we did something to it, when an event named
 * it, or after so many turns, in case of a change that neither shows. The same for networks and volumes, which only
 * change by our hand or an operator's.
 */
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { AppResources } from './app-resources.ts';
import type {
  ContainerObservation,
  EngineObservation,
  NetworkObservation,
  VolumeObservation,
} from './container-engine.ts';
import type { Connection, EngineClient } from './engine-client.ts';
import { toFailure } from './engine-error.ts';
import { HOST_LABEL, INSTANCE_LABEL } from './engine-labels.ts';
import { hasOwnName, isCopy, withoutNamesakes } from './own-container.ts';
import { changeKey, toObservation, type InspectedContainer, type ListedContainer } from './to-observation.ts';

/** Turns after which a remembered answer is asked for again. */
const TRUSTED_TURNS = 30;

interface Remembered {
  readonly key: string;
  readonly observation: ContainerObservation | null;
  readonly untilTurn: number;
}

interface Resources {
  readonly networks: readonly NetworkObservation[];
  readonly volumes: readonly VolumeObservation[];
  readonly untilTurn: number;
}

export class ContainerObserver {
  readonly #client: EngineClient;
  readonly #host: HostId;
  readonly #resources: AppResources;
  #turn = 0;
  #remembered: ReadonlyMap<string, Remembered> = new Map();
  #rememberedResources: Resources | null = null;
  /** Grows whenever something was forgotten: what was asked for before that is not remembered. */
  #forgotten = 0;

  constructor(client: EngineClient, host: HostId, resources: AppResources) {
    this.#client = client;
    this.#host = host;
    this.#resources = resources;
  }

  async observe(signal: AbortSignal): Promise<EngineObservation> {
    this.#turn += 1;
    const turn = this.#turn;
    const [containers, resources] = await Promise.all([
      this.#containers(turn, signal),
      this.#appResources(turn, signal),
    ]);
    return { containers, networks: resources.networks, volumes: resources.volumes };
  }

  /** After an effect on it, or an event of it: the next observation asks the engine. */
  forgetContainer(engineId: string): void {
    this.#forgotten += 1;
    this.#remembered = new Map([...this.#remembered].filter(([id]) => id !== engineId));
  }

  forgetInstance(instance: InstanceId): void {
    this.#forgotten += 1;
    this.#remembered = new Map(
      [...this.#remembered].filter(([, { observation }]) => observation?.instance !== instance),
    );
  }

  forgetResources(): void {
    this.#forgotten += 1;
    this.#rememberedResources = null;
  }

  async #containers(turn: number, signal: AbortSignal): Promise<readonly ContainerObservation[]> {
    const forgotten = this.#forgotten;
    const before = this.#remembered;
    const found = await this.#client.call('list containers', async (connection) => {
      const filters = { label: [`${HOST_LABEL}=${this.#host}`] };
      const listed: readonly ListedContainer[] = await connection.docker.listContainers({
        all: true,
        filters,
        abortSignal: signal,
      });
      return Promise.all(
        withoutNamesakes(this.#host, listed).map(async (each): Promise<readonly [string, Remembered]> => {
          const key = changeKey(each);
          const known = before.get(each.Id);
          if (known?.key === key && known.untilTurn > turn) return [each.Id, known];
          const observation = await this.#inspect(connection, each, signal);
          return [each.Id, { key, observation, untilTurn: turn + TRUSTED_TURNS }];
        }),
      );
    });
    if (forgotten === this.#forgotten) this.#remembered = new Map(found);
    return found.flatMap(([, { observation }]) => observation ?? []);
  }

  /** A copy of one of ours is nobody's instance, whatever its labels say. */
  async #inspect(
    connection: Connection,
    listed: ListedContainer,
    signal: AbortSignal,
  ): Promise<ContainerObservation | null> {
    const isFamiliar = hasOwnName(this.#host, listed);
    if (!isFamiliar && (await isCopy(connection, listed.ImageID, listed.Labels, INSTANCE_LABEL))) return null;
    return inspect(connection, listed, signal);
  }

  async #appResources(turn: number, signal: AbortSignal): Promise<Resources> {
    const known = this.#rememberedResources;
    if (known !== null && known.untilTurn > turn) return known;
    const forgotten = this.#forgotten;
    const [networks, volumes] = await Promise.all([this.#resources.networks(signal), this.#resources.volumes(signal)]);
    const asked = { networks, volumes, untilTurn: turn + TRUSTED_TURNS };
    if (forgotten === this.#forgotten) this.#rememberedResources = asked;
    return asked;
  }
}

/** Null where it went away between the list and now, or is not an instance. */
async function inspect(
  connection: Connection,
  listed: ListedContainer,
  signal: AbortSignal,
): Promise<ContainerObservation | null> {
  try {
    const inspected: InspectedContainer = await connection.docker
      .getContainer(listed.Id)
      .inspect({ abortSignal: signal });
    return toObservation(listed, inspected);
  } catch (error) {
    if (toFailure(error).status === 404) return null;
    throw error;
  }
}
