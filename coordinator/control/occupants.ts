/** What the apps have to run on the hosts of a placement, by their targets. */
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { Occupant } from '../placement/port-conflicts.ts';
import type { ReleaseStore, TargetStore } from '../store/store.ts';

export async function occupantsOf(
  hosts: readonly HostId[],
  store: Pick<TargetStore, 'targetsOfHosts'> & Pick<ReleaseStore, 'releases'>,
): Promise<readonly Occupant[]> {
  const targets = await store.targetsOfHosts({ hosts });
  const numbers = new Map<AppName, Set<number>>();
  for (const target of targets)
    if (target.kind === 'run') numbers.set(target.app, (numbers.get(target.app) ?? new Set()).add(target.release));
  const found = await Promise.all(
    [...numbers].map(([other, each]) => store.releases({ app: other, numbers: [...each] })),
  );
  const specs = new Map(found.flat().map((release) => [`${release.app} ${release.number}`, release.spec]));
  return targets.flatMap((target) => {
    const spec = target.kind === 'run' ? specs.get(`${target.app} ${target.release}`) : undefined;
    return target.kind === 'run' && spec !== undefined
      ? [{ app: target.app, host: target.host, spec, replicas: target.replicas }]
      : [];
  });
}
