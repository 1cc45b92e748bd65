/** Deployments: list, read, pause, resume, cancel. What they do on the way is the rollout's. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Deployment } from '../../fleet/deployment.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import type { DeploymentId } from '../../fleet/ids.ts';
import type { DeploymentView } from '../../protocol/http-api/views.ts';
import { personCause } from '../commands.ts';
import type { Commands } from '../commands.ts';
import type { ControlOptions } from './control-options.ts';
import { deploymentViews, namesOf } from './create-views.ts';
import { requireKnownApp } from './known-app.ts';
import { pageOf, pagingOf } from './page-of.ts';
import { stepView } from './views/deployment-view.ts';

type DeploymentCommands = Pick<
  Commands,
  'listDeployments' | 'getDeployment' | 'listSteps' | 'pauseDeployment' | 'resumeDeployment' | 'cancelDeployment'
>;

export function deploymentCommands({ store, hub, rollouts, views }: ControlOptions): DeploymentCommands {
  const required = async (id: DeploymentId, verb: string): Promise<DeploymentSummary> => {
    const found = await store.deployment({ id });
    if (found !== null) return found;
    throw new LongshoreError('NOT_FOUND', `${verb} deployment ${id}: not found`, {
      hint: 'See `longshore deployments`.',
    });
  };
  const act = async (id: DeploymentId, verb: string, change: () => Promise<Deployment>): Promise<DeploymentView> => {
    await required(id, verb);
    return views.deployment(await change());
  };
  return {
    listDeployments: async (query) => {
      const slice = await store.listDeployments({ ...pagingOf(query), app: query.app ?? null });
      if (slice.items.length === 0 && query.app !== undefined)
        await requireKnownApp(query.app, 'list deployments of', { store });
      return { items: await deploymentViews(slice.items, { store, hub }), next: slice.next };
    },
    getDeployment: async (id) => views.storedDeployment(await required(id, 'read')),
    listSteps: async (id, query) => {
      const deployment = await required(id, 'read');
      const { wave = null, state = null } = query;
      const slice = await store.listSteps({ ...pagingOf(query), deployment: id, wave, state });
      const names = await namesOf(new Set(slice.items.map(({ host }) => host)), store);
      return pageOf(slice, (step) => stepView(deployment, step, names, (host) => hub.live(host)));
    },
    pauseDeployment: (id, note, actor) => act(id, 'pause', () => rollouts.pause(id, personCause(actor, note))),
    resumeDeployment: (id, note, actor) => act(id, 'resume', () => rollouts.resume(id, personCause(actor, note))),
    cancelDeployment: (id, request, actor) =>
      act(id, 'cancel', () => rollouts.cancel(id, request.rollback, personCause(actor, request.note))),
  };
}
