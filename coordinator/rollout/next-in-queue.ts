/**
 * Who of an app's deployments moves: one at a time. A newer one takes the place of queued ones, waits for one that
 * moves (or stops it, when asked), and takes the place of one that is paused or held for its window when a person sent
 * it: fixing a deployment that stopped at its gate means deploying again. The schedule waits at a pause, which a person
 * made or shall see.
 */
import { hasEnded, isHeldForWindow } from '../../fleet/deployment.ts';
import type { DeploymentHead } from '../../fleet/deployment-summary.ts';
import type { DeploymentId } from '../../fleet/ids.ts';

export interface QueueDecision {
  /** End as `superseded`, in place. */
  readonly supersede: readonly DeploymentId[];
  /** Take this one up; null = nothing to do, or wait for the one that moves. */
  readonly run: DeploymentId | null;
}

/** @param deployments of one app, oldest first */
export function nextInQueue(deployments: readonly DeploymentHead[]): QueueDecision {
  const open = deployments.filter((deployment) => !hasEnded(deployment.state));
  const queued = open.filter((deployment) => deployment.state === 'queued');
  const newest = queued.at(-1) ?? null;
  const moving = open.filter((deployment) => deployment.state !== 'queued');
  const older = queued.slice(0, -1).map((deployment) => deployment.id);
  if (newest === null) return { supersede: [], run: moving[0]?.id ?? null };

  const given = moving.filter((deployment) => yieldsTo(deployment, newest)).map((deployment) => deployment.id);
  const stays = moving.find((deployment) => !given.includes(deployment.id));
  return { supersede: [...older, ...given], run: stays?.id ?? newest.id };
}

/** Nothing of it moves: the queue is looked at again before it goes on. */
export function mayGiveWay(deployment: DeploymentHead | null): boolean {
  return deployment === null || deployment.state === 'queued' || isStopped(deployment);
}

const isStopped = (deployment: DeploymentHead): boolean => deployment.state === 'paused' || isHeldForWindow(deployment);

function yieldsTo(moving: DeploymentHead, newest: DeploymentHead): boolean {
  return newest.aborts || (isStopped(moving) && newest.cause.kind === 'person');
}
