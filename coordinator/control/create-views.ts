/** Views out of store and hub, for the faces and for those who publish changes. */
import type { HostStep } from '../../fleet/deployment.ts';
import { MOST_STEPS_SHOWN, notableSteps, summaryOf } from '../../fleet/deployment-summary.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import type { AdoptionRequests } from '../identity/adoption-requests.ts';
import type { HubPort, ViewsPort } from '../ports.ts';
import type { ReleaseKey } from '../store/records.ts';
import type { HostStore, ReleaseStore, RolloutStore, TargetStore } from '../store/store.ts';
import { deploymentView } from './views/deployment-view.ts';
import { hostView } from './views/host-view.ts';
import { eventView } from './views/record-views.ts';

export interface ViewsOptions {
  readonly store: Pick<HostStore, 'host' | 'hostNames'> &
    Pick<TargetStore, 'targetsOfHosts'> &
    Pick<ReleaseStore, 'requiringAll'> &
    Pick<RolloutStore, 'notableSteps'>;
  readonly hub: Pick<HubPort, 'live'>;
  readonly adoptions: Pick<AdoptionRequests, 'of'>;
}

export function createViews({ store, hub, adoptions }: ViewsOptions): ViewsPort {
  return {
    host: async (id) => {
      const [row, targets] = await Promise.all([store.host({ id }), store.targetsOfHosts({ hosts: [id] })]);
      return row?.removedAt !== null ? null : hostView(row, hub.live(id), targets, adoptions.of(id));
    },
    deployment: (deployment) => withNames(summaryOf(deployment), notableSteps(deployment.steps), { store, hub }),
    storedDeployment: (deployment) => storedDeploymentView(deployment, { store, hub }),
    event: eventView,
  };
}

type Options = {
  readonly store: Pick<HostStore, 'hostNames'> & Pick<ReleaseStore, 'requiringAll'>;
  readonly hub: Pick<HubPort, 'live'>;
};

export async function storedDeploymentView(
  deployment: DeploymentSummary,
  { store, hub }: Options & { readonly store: Pick<RolloutStore, 'notableSteps'> },
): Promise<DeploymentView> {
  // Nothing is read of one whose hosts are not chosen.
  const steps =
    deployment.counts.length === 0
      ? []
      : await store.notableSteps({ deployment: deployment.id, limit: MOST_STEPS_SHOWN });
  return withNames(deployment, steps, { store, hub });
}

/** For lists: without steps. */
export async function deploymentViews(
  deployments: readonly DeploymentSummary[],
  { store, hub }: Options,
): Promise<readonly DeploymentView[]> {
  const ids = new Set(deployments.flatMap(({ once }) => (once === null ? [] : [once.host])));
  const [names, requires] = await Promise.all([namesOf(ids, store), requirementsOf(deployments, store)]);
  return deployments.map((deployment) =>
    deploymentView(deployment, [], names, (host) => hub.live(host), requires(deployment)),
  );
}

export async function namesOf(
  ids: ReadonlySet<HostId>,
  store: Pick<HostStore, 'hostNames'>,
): Promise<Readonly<Record<HostId, string>>> {
  return ids.size === 0 ? {} : store.hostNames({ ids: [...ids] });
}

async function withNames(
  deployment: DeploymentSummary,
  steps: readonly HostStep[],
  { store, hub }: Options,
): Promise<DeploymentView> {
  const ids = new Set(steps.map(({ host }) => host));
  if (deployment.once !== null) ids.add(deployment.once.host);
  const [names, requires] = await Promise.all([namesOf(ids, store), requirementsOf([deployment], store)]);
  return deploymentView(deployment, steps, names, (host) => hub.live(host), requires(deployment));
}

async function requirementsOf(
  deployments: readonly DeploymentSummary[],
  store: Pick<ReleaseStore, 'requiringAll'>,
): Promise<(deployment: DeploymentSummary) => 'all' | 'reachable'> {
  if (deployments.length === 0) return () => 'reachable';
  const releases = deployments.map(({ app, release }) => ({ app, release }));
  const all = new Set((await store.requiringAll({ releases })).map(keyText));
  return (deployment) => (all.has(keyText(deployment)) ? 'all' : 'reachable');
}

const keyText = ({ app, release }: ReleaseKey): string => `${app} ${release}`;
