/**
 * Which host is asked where the coordinator cannot reach a registry itself: a connected one that runs an app with
 * this image, since it pulls from there and its answer concerns nobody else; then one with another image of that registry,
 * which has its credential. Only for a registry that no app uses yet it is any connected host.
 */
import type { HostId } from '../../fleet/ids.ts';
import { parseImageReference } from '../../fleet/image-reference.ts';
import type { ReleaseStore, TargetStore } from '../store/store.ts';

export interface ResolvingHostOptions {
  readonly store: Pick<ReleaseStore, 'currentReleases'> & Pick<TargetStore, 'targetsOfApp'>;
  readonly connectedHosts: () => readonly HostId[];
}

/** @returns null where no host is connected */
export async function resolvingHost(reference: string, options: ResolvingHostOptions): Promise<HostId | null> {
  const { store, connectedHosts } = options;
  const [anybody] = connectedHosts();
  if (anybody === undefined) return null;
  const connected = new Set(connectedHosts());
  const { registry } = parseImageReference(reference);
  const releases = await store.currentReleases();
  const uses = (matches: (image: string) => boolean) =>
    releases.filter(({ release }) =>
      Object.values(release.spec.services).some(({ image }) => matches(image.reference)),
    );
  // Only hosts with an image of a registry have its credential.
  const users = [
    ...uses((image) => image === reference),
    ...uses((image) => parseImageReference(image).registry === registry),
  ];
  for (const { release } of users) {
    const targets = await store.targetsOfApp({ app: release.app });
    const found = targets.find((target) => target.kind === 'run' && connected.has(target.host));
    if (found !== undefined) return found.host;
  }
  return anybody;
}
