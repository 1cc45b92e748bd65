// Removes what a test made in the engine, by the label that the test put on it, whatever became of the test.
import type Docker from 'dockerode';

/** Everything that carries `label` (as `key=value`): containers by force, then networks and volumes. */
export async function removeLabelled(docker: Docker, label: string): Promise<void> {
  const filters = { label: [label] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(
    containers.map((found) => ignoreMissing(docker.getContainer(found.Id).remove({ force: true, v: true }))),
  );
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map((found) => ignoreMissing(docker.getNetwork(found.Id).remove())));
  const { Volumes: volumes } = await docker.listVolumes({ filters });
  await Promise.all(volumes.map((found) => ignoreMissing(docker.getVolume(found.Name).remove())));
}

async function ignoreMissing(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const status = (error as { statusCode?: unknown }).statusCode;
    // 404: gone already. 409: its removal is under way.
    if (status !== 404 && status !== 409) throw error;
  }
}
