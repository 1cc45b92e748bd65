// Removes what a test or the demo made in the engine, by the label that it put on it, whatever became of it.
import type Docker from 'dockerode';

/** How long a network may be held by a container that is going, or that came while others were removed. */
const HELD_AT_MOST_MS = 10_000;

/** Everything that carries `label` (as `key=value`): containers by force, then networks and volumes. */
export async function removeLabelled(docker: Docker, label: string): Promise<void> {
  const filters = { label: [label] };
  const endMs = performance.now() + HELD_AT_MOST_MS;
  for (;;) {
    try {
      await removeContainersAndNetworks(docker, filters);
      break;
    } catch (error) {
      // 403: the network has active endpoints.
      if (statusOf(error) !== 403 || performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const { Volumes: volumes } = await docker.listVolumes({ filters });
  await Promise.all(volumes.map((found) => ignoreMissing(docker.getVolume(found.Name).remove())));
}

async function removeContainersAndNetworks(docker: Docker, filters: { readonly label: string[] }): Promise<void> {
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(
    containers.map((found) => ignoreMissing(docker.getContainer(found.Id).remove({ force: true, v: true }))),
  );
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map((found) => ignoreMissing(docker.getNetwork(found.Id).remove())));
}

async function ignoreMissing(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const status = statusOf(error);
    // 404: gone already. 409: its removal is under way.
    if (status !== 404 && status !== 409) throw error;
  }
}

function statusOf(error: unknown): unknown {
  return (error as { statusCode?: unknown }).statusCode;
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
