/** Which containers a log or exec request means. Pure. */
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';

export type StreamTarget = CoordinatorMessageOf<'stream-open'>['target'];

/** All that match, by service, replica and age: also stopped ones, whose last output is often what is looked for. */
export function logSources(
  target: StreamTarget,
  containers: readonly ContainerObservation[],
): readonly ContainerObservation[] {
  return matching(target, containers).toSorted(
    (a, b) =>
      a.service.localeCompare(b.service, 'en') || a.replica - b.replica || (a.startedAtMs ?? 0) - (b.startedAtMs ?? 0),
  );
}

/** One running container: of the newest release, then the lowest replica; null where none runs. */
export function execTarget(
  target: StreamTarget,
  containers: readonly ContainerObservation[],
): ContainerObservation | null {
  const running = matching(target, containers).filter(({ state }) => state === 'running');
  return (
    running.toSorted(
      (a, b) => b.release - a.release || a.service.localeCompare(b.service, 'en') || a.replica - b.replica,
    )[0] ?? null
  );
}

export function describeTarget(target: StreamTarget): string {
  return [target.app, target.service, target.instance].filter((part) => part !== null).join('/');
}

function matching(target: StreamTarget, containers: readonly ContainerObservation[]): readonly ContainerObservation[] {
  return containers.filter(
    (container) =>
      container.app === target.app &&
      (target.service === null || container.service === target.service) &&
      (target.instance === null || container.instance === target.instance),
  );
}
