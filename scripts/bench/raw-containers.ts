// The floor: the same containers as the product's, created, started and first answered straight through the Docker API.
// Each is made after the product's own (its configuration as the engine tells it), in a network of its own with a fixed
// address; only names and labels differ, so that no agent takes them for its own.
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import { removeLabelled } from '../engine/remove-labelled.ts';

export interface RawTimes {
  readonly createdMs: number;
  readonly startedMs: number;
  readonly answeredMs: number;
}

interface Place {
  readonly network: string;
  /** The two addresses between which its containers alternate, as an instance's two slots do. */
  readonly addresses: readonly [string, string];
  readonly template: Docker.ContainerInspectInfo;
  running: string | null;
}

const label = 'longshore-bench.raw';
const pollMs = 5;
const answerMs = 60_000;

export class RawContainers {
  readonly #docker: Docker;
  readonly #port: number;
  readonly #places: readonly Place[];
  #round = 0;

  private constructor(docker: Docker, port: number, places: readonly Place[]) {
    this.#docker = docker;
    this.#port = port;
    this.#places = places;
  }

  /**
   * @param templates names of the product's containers, one a host
   * @param network first two numbers of the networks' addresses
   */
  static async make(
    docker: Docker,
    templates: readonly string[],
    options: { readonly network: string; readonly port: number },
  ): Promise<RawContainers> {
    await removeLabelled(docker, label);
    const places = await Promise.all(
      templates.map(async (name, position): Promise<Place> => {
        const network = `longshore-bench-raw-${position}`;
        const prefix = `${options.network}.${position}`;
        await docker.createNetwork({
          Name: network,
          Labels: { [label]: '' },
          IPAM: { Driver: 'default', Config: [{ Subnet: `${prefix}.0/24` }] },
        });
        return {
          network,
          addresses: [`${prefix}.2`, `${prefix}.3`],
          template: await docker.getContainer(name).inspect(),
          running: null,
        };
      }),
    );
    return new RawContainers(docker, options.port, places);
  }

  /** Creates, starts and asks one more at every place, in parallel. The ones before keep running: `removeOld` ends them. */
  async start(): Promise<{ readonly times: readonly RawTimes[]; readonly removeOld: () => Promise<void> }> {
    const round = (this.#round += 1);
    const before = this.#places.map((place) => place.running);
    const times = await Promise.all(this.#places.map((place, position) => this.#startAt(place, position, round)));
    return {
      times,
      removeOld: async () => {
        await Promise.all(before.filter((id) => id !== null).map((id) => this.#remove(id)));
      },
    };
  }

  async close(): Promise<void> {
    await removeLabelled(this.#docker, label);
  }

  async #startAt(place: Place, position: number, round: number): Promise<RawTimes> {
    const { Config, HostConfig } = place.template;
    const address = place.addresses[round % 2] ?? '';
    const begunAt = performance.now();
    const container = await this.#docker.createContainer({
      ...Config,
      // The engine's own choice for each container.
      Hostname: '',
      name: `longshore-bench-raw-${position}-${round}`,
      Labels: { [label]: '' },
      HostConfig: { ...HostConfig, NetworkMode: place.network },
      NetworkingConfig: { EndpointsConfig: { [place.network]: { IPAMConfig: { IPv4Address: address } } } },
    });
    const createdMs = performance.now() - begunAt;
    place.running = container.id;
    await container.start();
    const startedMs = performance.now() - begunAt;
    await this.#answered(address);
    return { createdMs, startedMs, answeredMs: performance.now() - begunAt };
  }

  async #answered(address: string): Promise<void> {
    const end = performance.now() + answerMs;
    while (performance.now() < end) {
      if (await isHealthy(address, this.#port)) return;
      await wait(pollMs);
    }
    throw new Error(`the raw container at ${address} did not answer within ${answerMs / 1000} s`);
  }

  async #remove(id: string): Promise<void> {
    const container = this.#docker.getContainer(id);
    await ignoreGone(container.stop({ t: 5 }));
    await ignoreGone(container.remove({ force: true, v: true }));
  }
}

/** `close` may be quicker, where a bench ends early. */
async function ignoreGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const status = (error as { statusCode?: unknown }).statusCode;
    if (status !== 304 && status !== 404 && status !== 409) throw error;
  }
}

function isHealthy(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request({ host, port, path: '/healthz', agent: false, timeout: 1_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asking.once('timeout', () => asking.destroy(new Error('no answer')));
    asking.once('error', () => resolve(false));
    asking.end();
  });
}
