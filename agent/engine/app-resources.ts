/** Networks and volumes of apps: made with our labels, adopted where they exist, removed only where the labels are ours. */
import type { VolumeSpec } from '../../fleet/app-spec.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import { definitionChanges } from '../../fleet/volume-definition.ts';
import { isAppName } from '../../fleet/ids.ts';
import type { NetworkObservation, VolumeObservation } from './container-engine.ts';
import type { EngineClient } from './engine-client.ts';
import { toFailure } from './engine-error.ts';
import {
  APP_LABEL,
  HOST_LABEL,
  labelsOfAgent,
  labelsOfNetwork,
  labelsOfVolume,
  VOLUME_LABEL,
  type Labels,
} from './engine-labels.ts';
import { isAnonymousVolume, networkName, volumeName } from './engine-names.ts';

export class AppResources {
  readonly #client: EngineClient;
  readonly #host: HostId;
  readonly #dataDir: string | null;

  constructor(client: EngineClient, host: HostId, dataDir: string | null) {
    this.#client = client;
    this.#host = host;
    this.#dataDir = dataDir;
  }

  async networks(signal?: AbortSignal): Promise<readonly NetworkObservation[]> {
    const filters = { label: [`${HOST_LABEL}=${this.#host}`] };
    return this.#client.call('list networks', async ({ docker }) =>
      (await docker.listNetworks(withSignal({ filters }, signal))).flatMap(
        (each) => toNetwork(each as NetworkJson) ?? [],
      ),
    );
  }

  async volumes(signal?: AbortSignal): Promise<readonly VolumeObservation[]> {
    const filters = { label: [`${HOST_LABEL}=${this.#host}`] };
    return this.#client.call('list volumes', async ({ docker }) =>
      (await docker.listVolumes(withSignal({ filters }, signal))).Volumes.flatMap((each) => toVolume(each) ?? []),
    );
  }

  /** @throws CONFLICT where the subnet overlaps with another network: the caller tries the next one */
  async ensureNetwork(app: AppName, subnet: string): Promise<NetworkObservation> {
    const name = networkName(this.#host, app);
    const operation = `create network ${name} with ${subnet}`;
    const found = await this.#findNetwork(name);
    if (found !== null) return found;
    await this.#client.call(operation, async ({ docker }) => {
      try {
        await docker.createNetwork({
          Name: name,
          Driver: 'bridge',
          CheckDuplicate: true,
          IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
          Labels: { ...labelsOfNetwork(this.#host, app), ...labelsOfAgent(this.#dataDir) },
        });
      } catch (error) {
        // Made meanwhile by a call of a life before, still under way in the engine.
        if (toFailure(error).status !== 409) throw error;
      }
    });
    const made = await this.#findNetwork(name);
    if (made === null) throw new LongshoreError('ENGINE_REFUSED', `${operation}: it was made and is gone`);
    return made;
  }

  async removeNetwork(app: AppName): Promise<void> {
    const name = networkName(this.#host, app);
    await this.#client.find(`remove network ${name}`, ({ docker }) => docker.getNetwork(name).remove());
  }

  /** @returns the engine's name of the volume @throws VOLUME_CHANGED where it exists with another definition */
  async ensureVolume(app: AppName, volume: string, spec: VolumeSpec): Promise<string> {
    const name = spec.name ?? (spec.external ? volume : volumeName(this.#host, app, volume));
    if (spec.external) {
      const found = await this.#client.find(`find volume ${name}`, ({ docker }) => docker.getVolume(name).inspect());
      if (found !== null) return name;
      throw new LongshoreError('NOT_FOUND', `find volume ${name} of ${app}: it is external and not on this host`, {
        hint: `Make it with \`docker volume create ${name}\` on the host, or leave out \`external\`.`,
      });
    }
    // Docker answers with the existing one where the name is taken.
    const found = await this.#client.call(`create volume ${name}`, ({ docker }) =>
      docker.createVolume({
        Name: name,
        Driver: spec.driver ?? 'local',
        DriverOpts: { ...spec.driverOpts },
        Labels: { ...labelsOfVolume(this.#host, app, volume, spec.labels), ...labelsOfAgent(this.#dataDir) },
      }),
    );
    const { Driver: existing, Options: options } = (await found.inspect()) as VolumeJson;
    const changes = definitionChanges({ driver: existing, driverOpts: options ?? {} }, spec);
    if (changes.length === 0) return name;
    throw new LongshoreError('VOLUME_CHANGED', `create volume ${name}: it exists with another ${changes.join(', ')}`);
  }

  async removeVolume(app: AppName, volume: string, anonymous: string | null): Promise<void> {
    const ours = (await this.volumes()).filter((each) => each.app === app && each.volume === volume);
    const names = new Set(ours.map((each) => each.name));
    if (anonymous !== null && isAnonymousVolume(anonymous)) names.add(anonymous);
    for (const name of names) {
      await this.#client.find(`remove volume ${name}`, ({ docker }) => docker.getVolume(name).remove());
    }
  }

  async #findNetwork(name: string): Promise<NetworkObservation | null> {
    const found = await this.#client.find(`find network ${name}`, ({ docker }) => docker.getNetwork(name).inspect());
    if (found === null) return null;
    const network = toNetwork(found as NetworkJson);
    if (network !== null && (found as NetworkJson).Labels?.[HOST_LABEL] === this.#host) return network;
    // Not CONFLICT, which means the subnet: no other subnet would help.
    throw new LongshoreError(
      'ENGINE_REFUSED',
      `create network ${name}: a network of this name exists and is not ours`,
      {
        hint: `Remove it with \`docker network rm ${name}\`.`,
      },
    );
  }
}

interface NetworkJson {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Labels | null | undefined;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null | undefined } | undefined;
}

function toNetwork(json: NetworkJson): NetworkObservation | null {
  const app = json.Labels?.[APP_LABEL] ?? '';
  const subnet = json.IPAM?.Config?.[0]?.Subnet;
  return isAppName(app) && subnet !== undefined ? { app, id: json.Id, name: json.Name, subnet } : null;
}

interface VolumeJson {
  readonly Name: string;
  readonly Labels?: Labels | null;
  readonly Driver: string;
  readonly Options?: Readonly<Record<string, string>> | null;
}

function toVolume(json: VolumeJson): VolumeObservation | null {
  const app = json.Labels?.[APP_LABEL] ?? '';
  const volume = json.Labels?.[VOLUME_LABEL] ?? '';
  if (!isAppName(app) || volume === '') return null;
  return { app, volume, name: json.Name, driver: json.Driver, options: json.Options ?? {} };
}

function withSignal<T extends object>(options: T, signal: AbortSignal | undefined): T & { abortSignal?: AbortSignal } {
  return signal === undefined ? options : { ...options, abortSignal: signal };
}
