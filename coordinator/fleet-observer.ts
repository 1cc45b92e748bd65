/** Passes on what the hub sees: to the rollouts, to the schedule, and to those who watch. */
import { hasEnded } from '../fleet/deployment.ts';
import type { HostId } from '../fleet/ids.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { HubObserver } from './hub/hub-options.ts';
import type { Rollouts } from './rollout/rollouts.ts';
import type { Proposals } from './schedule/proposals.ts';
import type { DueChecks } from './schedule/due-checks.ts';

export interface ObserverParts {
  readonly rollouts: () => Rollouts;
  readonly feed: () => ChangeFeed;
  readonly schedule: () => DueChecks;
  readonly proposals: () => Proposals;
}

/** The parts are asked for when something happens: hub and rollouts know each other. */
export function fleetObserver({ rollouts, feed, schedule, proposals }: ObserverParts): HubObserver {
  /** What stands in the way of all that the host does. */
  const obstacleChanged = (host: HostId): void => {
    feed().hostChanged(host);
    for (const deployment of rollouts().underWayOn(host)) feed().deploymentTouched(deployment);
  };
  return {
    reported: (host, apps) => {
      rollouts().reported(apps);
      proposals().reported(host, apps);
      feed().hostChanged(host);
      for (const app of apps) {
        const deployment = rollouts().underWay(app);
        if (deployment !== null && !hasEnded(deployment.state)) feed().deploymentTouched(deployment);
      }
    },
    refused: (host, apps) => {
      rollouts().reported(apps);
      obstacleChanged(host);
    },
    problemsChanged: obstacleChanged,
    connectionChanged: (host) => {
      rollouts().connectionChanged(host);
      obstacleChanged(host);
    },
    touched: (host) => feed().hostChanged(host),
    placementChanged: () => rollouts().fleetChanged(),
    due: (host, app, scheduledAt) => schedule().due(host, app, scheduledAt),
  };
}
