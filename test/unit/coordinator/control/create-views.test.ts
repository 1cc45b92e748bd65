import t from 'tap';
import { createViews, deploymentViews } from '../../../../coordinator/control/create-views.ts';
import { summaryOf } from '../../../../fleet/deployment-summary.ts';
import { aDeployment } from '../../../support/app-builders.ts';
import { AdoptionRequests } from '../../../../coordinator/identity/adoption-requests.ts';

const deployment = aDeployment({ release: 2 });
const { app } = deployment;
const hub = { live: () => null };

t.test('deployment views: say what the app file requires of a deployment', async (t) => {
  const store = {
    host: () => Promise.resolve(null),
    hostNames: () => Promise.resolve({}),
    targetsOfHosts: () => Promise.resolve([]),
    notableSteps: () => Promise.resolve([]),
    requiringAll: () => Promise.resolve([{ app, release: 2 }]),
  };
  const views = createViews({ store, hub, adoptions: new AdoptionRequests(() => 0) });

  t.match(await views.deployment(deployment), { require: 'all' });
  t.match(await views.storedDeployment(summaryOf(deployment)), { require: 'all' });
  t.match(await views.storedDeployment(summaryOf({ ...deployment, release: 1 })), { require: 'reachable' });
  t.match(await deploymentViews([summaryOf(deployment)], { store, hub }), [{ require: 'all' }]);
});
