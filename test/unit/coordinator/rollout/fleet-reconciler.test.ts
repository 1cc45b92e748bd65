import t from 'tap';
import { FleetReconciler } from '../../../../coordinator/rollout/fleet-reconciler.ts';
import type { FleetReconcilerOptions } from '../../../../coordinator/rollout/fleet-reconciler.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { appName, deploymentId } from '../../../support/app-builders.ts';

t.test('FleetReconciler: an app that cannot be looked at does not keep the others from theirs', async (t) => {
  const asked: string[] = [];
  const faults: unknown[] = [];
  let reachedLast: () => void = () => undefined;
  const last = new Promise<void>((resolve) => (reachedLast = resolve));
  const current = ['broken', 'other'].map((name, index) => ({
    release: { app: appName(name), number: 1 },
    deployment: deploymentId(index),
  }));
  const store = {
    currentReleases: () => Promise.resolve(current),
    listDeployments: () => Promise.resolve({ items: [], next: null }),
    loadRollout: ({ id }: { readonly id: string }) => {
      asked.push(id);
      if (id === deploymentId(1)) reachedLast();
      return Promise.reject(new LongshoreError(id === deploymentId(0) ? 'STATE_FILE_INVALID' : 'CONFLICT', 'read it'));
    },
  };
  const reconciler = new FleetReconciler({
    store: store as unknown as FleetReconcilerOptions['store'],
    directory: { rows: () => Promise.resolve([]) } as unknown as FleetReconcilerOptions['directory'],
    live: () => null,
    assignmentsChanged: () => undefined,
    onFault: (error) => faults.push(error),
    startedAt: 0,
    now: () => 0,
  });
  reconciler.changed();
  await last;
  await reconciler.stop();

  t.same(asked, [deploymentId(0), deploymentId(1)]);
  t.match(faults, [{ code: 'STATE_FILE_INVALID' }], 'and what is wrong with it is said');
});
