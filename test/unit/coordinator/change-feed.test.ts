import t from 'tap';
import { ChangeFeed } from '../../../coordinator/change-feed.ts';
import { Changes } from '../../../coordinator/changes.ts';
import type { Change } from '../../../coordinator/commands.ts';
import type { ViewsPort } from '../../../coordinator/ports.ts';
import { aDeployment, hostId } from '../../support/app-builders.ts';

function scene() {
  const made: string[] = [];
  const views = {
    host: async (id: string) => {
      made.push(id);
      return id === hostId(9) ? null : { id };
    },
    deployment: async ({ state }: { state: string }) => ({ state }),
    event: (event: unknown) => event,
  } as unknown as ViewsPort;
  const changes = new Changes((error) => t.fail(String(error)));
  const feed = new ChangeFeed({ changes, views, onFault: (error) => t.fail(String(error)) });
  const heard: Change[] = [];
  let wake: () => void = () => undefined;
  const listen = (): void =>
    changes.subscribe((change) => {
      heard.push(change);
      wake();
    }, new AbortController().signal);
  const until = async (count: number): Promise<void> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { made, feed, heard, listen, until };
}

t.test('ChangeFeed: makes no view while nobody listens', (t) => {
  const { feed, made } = scene();
  feed.hostChanged(hostId(1));
  feed.deploymentChanged(aDeployment());
  feed.stop();
  t.same(made, []);
  t.end();
});

t.test('ChangeFeed: a host that changes often is told once, a removed one as gone', async (t) => {
  const { feed, made, heard, listen, until } = scene();
  listen();
  for (let count = 0; count < 100; count += 1) feed.hostChanged(hostId(1));
  feed.hostChanged(hostId(9));
  await until(2);
  t.same(made, [hostId(1), hostId(9)]);
  t.match(heard, [{ kind: 'host' }, { kind: 'host-gone', host: hostId(9) }]);
  feed.stop();
});

t.test('ChangeFeed: deployments are told at once, and always with their newest state', async (t) => {
  const { feed, heard, listen, until } = scene();
  listen();
  feed.deploymentChanged(aDeployment({ state: 'rolling' }));
  await until(1);
  feed.deploymentTouched(aDeployment({ state: 'rolling' }));
  feed.deploymentChanged(aDeployment({ state: 'succeeded' }));
  await until(2);
  t.match(heard.at(-1), { kind: 'deployment', deployment: { state: 'succeeded' } });
  feed.stop();
});
