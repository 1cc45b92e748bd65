/**
 * Which host is asked where the coordinator cannot reach a registry itself: a connected one that runs an app with
 * this image, since it pulls from there and its answer concerns nobody else. Only for an image that no app runs yet it
 * is any connected host.
 */
import type { HostId } from '../../fleet/ids.ts';
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
  const users = (await store.currentReleases()).filter(({ release }) =>
    Object.values(release.spec.services).some(({ image }) => image.reference === reference),
  );
  const connected = new Set(connectedHosts());
  for (const { release } of users) {
    const targets = await store.targetsOfApp({ app: release.app });
    const found = targets.find((target) => target.kind === 'run' && connected.has(target.host));
    if (found !== undefined) return found.host;
  }
  return anybody;
}
