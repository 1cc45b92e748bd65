// A host that updated an app alone comes back: the coordinator adopts it as a release for all, or takes it back.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Digest } from '../../../fleet/ids.ts';
import type { DeploymentView, EventView, ReleaseView } from '../../../protocol/http-api/views.ts';
import { anAppSpec, aService, digest } from '../../support/app-builders.ts';
import { CoordinatorProcess } from '../../support/coordinator-process.ts';
import type { FakeAgent } from '../../support/fake-agent.ts';

/** Answers every tag with this digest. */
let newest: Digest = digest('b');
const registry = createServer((request, response) => {
  const headers = {
    'docker-content-digest': newest,
    'content-type': 'application/vnd.oci.image.index.v1+json',
    'content-length': '2',
  };
  response.writeHead(200, request.url === '/v2/' ? {} : headers).end(request.method === 'HEAD' ? '' : '{}');
});
await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
t.teardown(() => registry.close());
const reference = `127.0.0.1:${(registry.address() as AddressInfo).port}/web:1`;
const spec = anAppSpec({
  offline: 'update',
  services: { web: aService({ image: { reference, digest: null, pull: 'always', platform: null } }) },
});

/** As its agent does after an hour alone: an attempt of its own over the target, and what it keeps. */
function updatedAlone(agent: FakeAgent, to: Digest): void {
  const report = agent.apps.web;
  if (report?.attempt == null) throw new Error('it runs nothing yet');
  agent.setApp('web', { ...report, attempt: { ...report.attempt, attempt: 1_000_001 }, proposal: { web: to } });
}

async function fleet(): Promise<{ readonly coordinator: CoordinatorProcess; readonly agents: readonly FakeAgent[] }> {
  const coordinator = await CoordinatorProcess.start();
  const agents = await Promise.all(['a', 'b'].map((name) => coordinator.enroll(name)));
  await Promise.all(agents.map((agent) => agent.connect()));
  const body = { spec, images: { web: digest('a') } };
  const made = await coordinator.call<{ deployment: DeploymentView }>('POST', '/v1/deployments', body);
  await coordinator.callUntil<DeploymentView>(
    `/v1/deployments/${made.deployment.id}`,
    (found) => found.state === 'succeeded',
  );
  return { coordinator, agents };
}

t.test('what the registry has, too, becomes a release for every host', async (t) => {
  newest = digest('b');
  const { coordinator, agents } = await fleet();
  t.teardown(() => coordinator.close());
  const [alone, other] = agents;
  if (alone === undefined || other === undefined) throw new Error('two hosts');
  await alone.close();
  updatedAlone(alone, digest('b'));
  await alone.connect();

  await Promise.all(agents.map((agent) => agent.waitForRelease('web', 2)));
  const releases = await coordinator.call<{ items: ReleaseView[] }>('GET', '/v1/apps/web/releases');
  t.match(releases.items[0], { number: 2, cause: { kind: 'host' }, images: { web: { digest: digest('b') } } });
  const events = await coordinator.callUntil<{ items: EventView[] }>(
    '/v1/events?kind=proposal.adopted',
    ({ items }) => items.length > 0,
  );
  t.equal(events.items.length, 1);
  t.equal(other.attempts.length, 2);
});

t.test('what the registry does not have any more is taken back by a new attempt of the release', async (t) => {
  newest = digest('a');
  const { coordinator, agents } = await fleet();
  t.teardown(() => coordinator.close());
  const [alone, other] = agents;
  if (alone === undefined || other === undefined) throw new Error('two hosts');
  await alone.close();
  updatedAlone(alone, digest('b'));
  await alone.connect();

  await coordinator.callUntil<{ items: EventView[] }>(
    '/v1/events?kind=proposal.taken-back',
    ({ items }) => items.length === 1,
  );
  const given = await alone.waitFor(
    (message) =>
      message.kind === 'assignment' &&
      message.assignment.entries.some((entry) => entry.kind === 'run' && entry.attempt === 2),
  );
  t.match(given, { assignment: { entries: [{ app: 'web', release: 1 }] } });
  await alone.waitForRelease('web', 1);
  t.equal(other.attempts.length, 1, 'nobody else is asked');
  t.equal((await coordinator.call<{ items: ReleaseView[] }>('GET', '/v1/apps/web/releases')).items.length, 1);
});
