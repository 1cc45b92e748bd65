/** Views out of store and hub, for the faces and for those who publish changes. */
import type { Deployment } from '../../fleet/deployment.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import type { AdoptionRequests } from '../identity/adoption-requests.ts';
import type { HubPort, ViewsPort } from '../ports.ts';
import type { HostStore, TargetStore } from '../store/store.ts';
import { deploymentView } from './views/deployment-view.ts';
import { hostView } from './views/host-view.ts';
import { eventView } from './views/record-views.ts';

export interface ViewsOptions {
  readonly store: Pick<HostStore, 'host' | 'hostNames'> & Pick<TargetStore, 'targetsOfHosts'>;
  readonly hub: Pick<HubPort, 'live'>;
  readonly adoptions: Pick<AdoptionRequests, 'of'>;
}

export function createViews({ store, hub, adoptions }: ViewsOptions): ViewsPort {
  return {
    host: async (id) => {
      const [row, targets] = await Promise.all([store.host({ id }), store.targetsOfHosts({ hosts: [id] })]);
      return row?.removedAt !== null ? null : hostView(row, hub.live(id), targets, adoptions.of(id));
    },
    deployment: async (deployment) => {
      const [view] = await deploymentViews([deployment], { store, hub });
      if (view === undefined) throw new Error('a deployment has no view');
      return view;
    },
    event: eventView,
  };
}

/** Of many at once: the names of all their hosts are read together. */
export async function deploymentViews(
  deployments: readonly Deployment[],
  { store, hub }: { readonly store: Pick<HostStore, 'hostNames'>; readonly hub: Pick<HubPort, 'live'> },
): Promise<readonly DeploymentView[]> {
  const ids = new Set(deployments.flatMap((deployment) => deployment.steps.map((step) => step.host)));
  const names = ids.size === 0 ? {} : await store.hostNames({ ids: [...ids] });
  return deployments.map((deployment) => deploymentView(deployment, names, (host) => hub.live(host)));
}
