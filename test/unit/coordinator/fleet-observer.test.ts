import t from 'tap';
import type { ChangeFeed } from '../../../coordinator/change-feed.ts';
import { fleetObserver } from '../../../coordinator/fleet-observer.ts';
import type { Rollouts } from '../../../coordinator/rollout/rollouts.ts';
import { waitsFor } from '../../../fleet/deployment.ts';
import { aDeployment, aStep, appName, hostId } from '../../support/app-builders.ts';

t.test('fleetObserver: what stands in the way of a host is told to those who follow its deployments', (t) => {
  const deployment = aDeployment({ steps: [aStep({ host: hostId(1), state: 'moving' })] });
  const told: string[] = [];
  const rollouts = {
    reported: () => undefined,
    connectionChanged: () => undefined,
    underWayOn: (host: string) => (host === hostId(1) ? [deployment] : []),
  } as unknown as Rollouts;
  const feed = {
    hostChanged: (host: string) => told.push(host),
    deploymentTouched: ({ id }: { id: string }) => told.push(id),
  } as unknown as ChangeFeed;
  const unused = (): never => t.fail('asked for without need') as never;
  const observer = fleetObserver({ rollouts: () => rollouts, feed: () => feed, schedule: unused, proposals: unused });
  // A whole assignment is refused, whatever app was new in it.
  observer.refused(hostId(1), [appName('other')]);
  t.same(told.splice(0), [hostId(1), deployment.id]);
  observer.problemsChanged(hostId(1));
  t.same(told.splice(0), [hostId(1), deployment.id]);
  observer.connectionChanged(hostId(1), false);
  t.same(told.splice(0), [hostId(1), deployment.id]);
  observer.connectionChanged(hostId(2), false);
  t.same(told.splice(0), [hostId(2)]);
  t.end();
});

t.test('waitsFor: a host whose target is set and that has not answered', (t) => {
  const at = (state: Parameters<typeof aStep>[0]): boolean =>
    waitsFor(aDeployment({ steps: [aStep({ host: hostId(1), ...state })] }), hostId(1));
  t.ok(at({ state: 'moving' }));
  t.ok(at({ state: 'returning' }));
  t.notOk(at({ state: 'waiting' }));
  t.notOk(at({ state: 'passed' }));
  t.notOk(at({ state: 'moving', host: hostId(2) }));
  t.end();
});
