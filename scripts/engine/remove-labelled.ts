// Removes what a test or the demo made in the engine, by the label that it put on it, whatever became of it.
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

/** Takes off all names that match one of the patterns (as of `docker images --filter reference=`), by force. */
export async function removeImages(docker: Docker, references: readonly string[]): Promise<void> {
  for (const reference of references) {
    for (const image of await docker.listImages({ filters: { reference: [reference] } })) {
      const matching = [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])].filter((name) =>
        matches(name, reference),
      );
      for (const name of matching) await ignoreMissing(docker.getImage(name).remove({ force: true }));
    }
  }
}

/** Docker answers with all names of an image of which one matches. */
function matches(name: string, reference: string): boolean {
  const repository = name.replace(/@sha256:[0-9a-f]+$/, '').replace(/:[^:/]+$/, '');
  const pattern = reference.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('[^/]*')}$`).test(repository);
}
