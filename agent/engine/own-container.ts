/**
 * Which container an instance is. Its name says so; but a person can rename it, and `docker commit` with `docker run`
 * makes another one that has all its labels. The labels of a copy come from its image, those of our containers do not.
 */
import type { HostId, InstanceId } from '../../fleet/ids.ts';
import type { Connection } from './engine-client.ts';
import { toFailure } from './engine-error.ts';
import { HOST_LABEL, INSTANCE_LABEL, type Labels } from './engine-labels.ts';
import { containerName } from './engine-names.ts';

type Container = ReturnType<Connection['docker']['getContainer']>;

interface NamedContainer {
  readonly Names?: readonly string[] | null;
  readonly Labels: Labels;
}

/**
 * Does the work on the instance's container: by its name, and where nothing has that, on the one that was renamed.
 * @throws what the engine says, a 404 where there is no such container
 */
export async function onContainer<T>(
  connection: Connection,
  host: HostId,
  instance: InstanceId,
  work: (container: Container) => Promise<T>,
): Promise<T> {
  try {
    return await work(connection.docker.getContainer(containerName(host, instance)));
  } catch (error) {
    if (toFailure(error).status !== 404) throw error;
    const id = await findRenamed(connection, host, instance);
    if (id === null) throw error;
    return work(connection.docker.getContainer(id));
  }
}

async function findRenamed(connection: Connection, host: HostId, instance: InstanceId): Promise<string | null> {
  const filters = { label: [`${HOST_LABEL}=${host}`, `${INSTANCE_LABEL}=${instance}`] };
  const listed = await connection.docker.listContainers({ all: true, filters });
  // The 404 was about something else then: its network, for example.
  if (listed.some((each) => hasOwnName(host, each))) return null;
  for (const each of listed) if (!(await isCopy(connection, each.ImageID, each.Labels, INSTANCE_LABEL))) return each.Id;
  return null;
}

/** Without those whose instance another one has the name of. */
export function withoutNamesakes<T extends NamedContainer>(host: HostId, listed: readonly T[]): readonly T[] {
  const named = new Set(listed.flatMap((each) => (hasOwnName(host, each) ? [each.Labels[INSTANCE_LABEL]] : [])));
  return listed.filter((each) => hasOwnName(host, each) || !named.has(each.Labels[INSTANCE_LABEL]));
}

export function hasOwnName(host: HostId, { Names: names, Labels: labels }: NamedContainer): boolean {
  return names?.includes(`/${containerName(host, (labels[INSTANCE_LABEL] ?? '') as InstanceId)}`) === true;
}

/** It was made from an image of one of our containers, and has its labels from there. */
export async function isCopy({ docker }: Connection, imageId: string, labels: Labels, label: string): Promise<boolean> {
  try {
    const { Config: config } = await docker.getImage(imageId).inspect();
    const own = (config as { readonly Labels?: Labels | null } | null)?.Labels?.[label];
    return own !== undefined && own === labels[label];
  } catch (error) {
    if (toFailure(error).status === 404) return false;
    throw error;
  }
}
