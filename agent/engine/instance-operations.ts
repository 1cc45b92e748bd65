/**
 * What is done to one instance's container. Every call finds it by host and instance, so it cannot reach another
 * host's container, and every call may be repeated: what is done already is fine. That is what a restarted agent
 * relies on.
 */
import type { EndpointSettings } from 'dockerode';
import { LongshoreError } from '../../fleet/errors.ts';
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { ContainerBody } from './container-body.ts';
import { containerConfig, endpointConfig } from './container-config.ts';
import type { InstancePlan, NetworkNames } from './container-engine.ts';
import type { Connection, EngineClient } from './engine-client.ts';
import { toFailure } from './engine-error.ts';
import { APP_LABEL, HOST_LABEL, labelsOfAgent, parseInstanceLabels } from './engine-labels.ts';
import { containerName } from './engine-names.ts';
import { isSameNames, namesOfEndpoint } from './endpoint-names.ts';
import { onContainer } from './own-container.ts';

export class InstanceOperations {
  readonly #client: EngineClient;
  readonly #host: HostId;
  readonly #sharesVolumes: boolean;
  readonly #dataDir: string | null;

  /** @param sharesVolumes an app may use volumes of another one */
  constructor(client: EngineClient, host: HostId, sharesVolumes: boolean, dataDir: string | null) {
    this.#client = client;
    this.#host = host;
    this.#sharesVolumes = sharesVolumes;
    this.#dataDir = dataDir;
  }

  /** @throws POLICY_REFUSED, VOLUME_MISSING for its volumes */
  async create(plan: InstancePlan): Promise<string> {
    const operation = `create ${plan.app}/${plan.service.name} (${plan.instance})`;
    return this.#client.call(operation, async (connection) => {
      for (const name of [...Object.values(plan.volumes), ...Object.values(plan.imageVolumes)])
        await this.#checkVolume(connection, plan, name, operation);
      try {
        // The body is ours and exact; dockerode's type of it is narrower than the API.
        const body = this.#bodyOf(plan, connection) as Parameters<typeof connection.docker.createContainer>[0];
        return (await connection.docker.createContainer(body)).id;
      } catch (error) {
        if (toFailure(error).status === 409) return this.#adopt(connection, plan, operation);
        throw error;
      }
    });
  }

  #bodyOf(plan: InstancePlan, { features }: Connection): ContainerBody {
    const body = containerConfig(plan, features);
    return { ...body, Labels: { ...body.Labels, ...labelsOfAgent(this.#dataDir) } };
  }

  /** Docker would make a missing one, and mount anybody's: `name` and `external` say only what it is called. */
  async #checkVolume({ docker }: Connection, plan: InstancePlan, name: string, operation: string): Promise<void> {
    const found = await docker
      .getVolume(name)
      .inspect()
      .catch((error: unknown) => {
        if (toFailure(error).status === 404) return null;
        throw error;
      });
    if (found === null) {
      throw new LongshoreError('VOLUME_MISSING', `${operation}: volume ${name} is not on this host any more`);
    }
    const owner = (found.Labels as Readonly<Record<string, string>> | null)?.[APP_LABEL];
    if (owner === undefined || owner === plan.app || this.#sharesVolumes) return;
    throw new LongshoreError('POLICY_REFUSED', `${operation}: volume ${name} belongs to app ${owner}`, {
      hint: 'Give the volume another name, or set `policy.shared_volumes: true` in the configuration of the agent.',
    });
  }

  async start(instance: InstanceId): Promise<void> {
    await this.#client.call(`start ${instance}`, (connection) =>
      // 304: it runs already.
      tolerating(
        [304],
        onContainer(connection, this.#host, instance, (container) => container.start()),
      ),
    );
  }

  async stop(instance: InstanceId, graceMs: number): Promise<void> {
    await this.#client.call(`stop ${instance}`, (connection) =>
      tolerating(
        [304, 404],
        onContainer(connection, this.#host, instance, (container) => container.stop({ t: Math.ceil(graceMs / 1000) })),
      ),
    );
  }

  async remove(instance: InstanceId): Promise<void> {
    await this.#client.call(`remove ${instance}`, (connection) =>
      // 409: its removal is under way. Never with `v`: an anonymous volume of it may be all that there is of somebody's data.
      tolerating(
        [404, 409],
        onContainer(connection, this.#host, instance, (container) => container.remove({ force: true })),
      ),
    );
  }

  async setRestart(
    instance: InstanceId,
    policy: { readonly name: string; readonly maxAttempts: number },
  ): Promise<void> {
    await this.#client.call(`set the restart policy of ${instance} to ${policy.name}`, (connection) =>
      onContainer(connection, this.#host, instance, (container) =>
        container.update({ RestartPolicy: { Name: policy.name, MaximumRetryCount: policy.maxAttempts } }),
      ),
    );
  }

  /**
   * Docker refuses to add an alias to an attached endpoint; connecting again with the same address adds it and keeps
   * established connections. Cut off between the two calls it is without network: the next call only connects.
   * A stopped container can be given another address so, or a network of the same name that was made again.
   */
  async setNames(instance: InstanceId, network: string, address: string, names: NetworkNames): Promise<void> {
    await this.#client.call(`connect ${instance} to ${network} as ${address}`, async (connection) => {
      const { Id: engineId, NetworkSettings: settings } = await onContainer(
        connection,
        this.#host,
        instance,
        (container) => container.inspect(),
      );
      const endpoint = settings.Networks[network];
      const target = connection.docker.getNetwork(network);
      if (endpoint !== undefined) {
        const given = (endpoint.IPAMConfig as { readonly IPv4Address?: string } | null)?.IPv4Address;
        const isSame = given === address && isSameNames(namesOfEndpoint(endpoint, engineId), names);
        const isThere =
          endpoint.NetworkID === '' || endpoint.NetworkID === ((await target.inspect()) as { readonly Id: string }).Id;
        if (isSame && isThere) return;
        await tolerating([404], target.disconnect({ Container: engineId }));
      }
      await target.connect({
        Container: engineId,
        EndpointConfig: endpointConfig(address, names) as EndpointSettings,
      });
    });
  }

  /** The name holds an id that only this agent chose, so what has it is what an earlier life of the agent made. */
  async #adopt(connection: Connection, plan: InstancePlan, operation: string): Promise<string> {
    const found = await connection.docker.getContainer(containerName(this.#host, plan.instance)).inspect();
    const labels = parseInstanceLabels(found.Config.Labels);
    if (found.Config.Labels[HOST_LABEL] === plan.host && labels?.hash === plan.service.hash) return found.Id;
    throw new LongshoreError('CONFLICT', `${operation}: the container ${found.Name} has this name and is not ours`, {
      hint: 'Rename or remove that container.',
    });
  }
}

async function tolerating(statuses: readonly number[], call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const { status } = toFailure(error);
    if (status === null || !statuses.includes(status)) throw error;
  }
}
