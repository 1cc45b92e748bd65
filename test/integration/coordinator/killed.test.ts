import t from 'tap';
import type { RunEntry } from '../../../fleet/assignment.ts';
import type { DeploymentView, EventView, HostView } from '../../../protocol/http-api/views.ts';
import { anAppSpec, aPolicy, digest } from '../../support/app-builders.ts';
import { CoordinatorProcess } from '../../support/coordinator-process.ts';

const spec = anAppSpec({
  rollout: aPolicy({
    waves: [
      { kind: 'count', hosts: 1 },
      { kind: 'count', hosts: 2 },
    ],
  }),
});
const request = (letter: string) => ({ spec, images: { web: digest(letter) } });

t.test('a coordinator that is killed in the middle of a deployment goes on where it was', async (t) => {
  const coordinator = await CoordinatorProcess.start();
  t.teardown(() => coordinator.close());
  const hung: RunEntry[] = [];
  const agents = await Promise.all(
    ['a', 'b', 'c'].map((name, index) =>
      coordinator.enroll(name, {
        decide: (entry) => {
          // The second wave hangs at its first attempt; the others pass.
          if (entry.release !== 1 || index !== 1) return 'pass';
          hung.push(entry);
          return 'hang';
        },
      }),
    ),
  );
  await Promise.all(agents.map((agent) => agent.connect()));
  const { deployment } = await coordinator.call<{ deployment: DeploymentView }>(
    'POST',
    '/v1/deployments',
    request('a'),
  );
  const path = `/v1/deployments/${deployment.id}`;
  await coordinator.callUntil<DeploymentView>(path, (found) => found.steps.some((step) => step.state === 'passed'));
  await coordinator.callUntil<DeploymentView>(path, () => hung.length > 0);

  await coordinator.end('SIGKILL');
  await Promise.all(agents.map((agent) => agent.waitClosed()));
  // It passes while nobody listens.
  const [entry] = hung;
  if (entry !== undefined) agents.find((agent) => agent.attempts.includes(entry))?.finish(entry, 'pass');
  await coordinator.start();
  await Promise.all(agents.map((agent) => agent.connect()));

  const ended = await coordinator.callUntil<DeploymentView>(path, (found) => found.endedAt !== null);
  t.equal(ended.state, 'succeeded');
  t.same(
    ended.steps.map((step) => step.state),
    ['passed', 'passed', 'passed'],
  );
  t.same(
    agents.map((agent) => agent.attempts.length),
    [1, 1, 1],
    'nobody was asked twice',
  );
  const { items } = await coordinator.call<{ items: EventView[] }>(
    'GET',
    `/v1/events?deployment=${deployment.id}&order=oldest`,
  );
  t.same(items.filter(({ kind }) => kind === 'deployment.wave').length, 3, 'each wave began once');
});

t.test('a coordinator that is killed while it goes back takes everybody back', async (t) => {
  const coordinator = await CoordinatorProcess.start();
  t.teardown(() => coordinator.close());
  let hanging = true;
  const agents = await Promise.all(
    ['a', 'b'].map((name) =>
      coordinator.enroll(name, {
        decide: (entry) => {
          if (entry.release === 2) return 'fail';
          return entry.rollback && hanging ? 'hang' : 'pass';
        },
      }),
    ),
  );
  await Promise.all(agents.map((agent) => agent.connect()));
  const first = await coordinator.call<{ deployment: DeploymentView }>('POST', '/v1/deployments', request('a'));
  await coordinator.callUntil<DeploymentView>(
    `/v1/deployments/${first.deployment.id}`,
    (found) => found.state === 'succeeded',
  );
  const second = await coordinator.call<{ deployment: DeploymentView }>('POST', '/v1/deployments', request('b'));
  const path = `/v1/deployments/${second.deployment.id}`;
  await coordinator.callUntil<DeploymentView>(path, (found) => found.state === 'rolling_back');
  await coordinator.callUntil<DeploymentView>(path, () =>
    agents.some((agent) => agent.attempts.some((entry) => entry.rollback)),
  );

  await coordinator.end('SIGKILL');
  await Promise.all(agents.map((agent) => agent.waitClosed()));
  hanging = false;
  for (const agent of agents) {
    const entry = agent.attempts.findLast((attempt) => attempt.rollback);
    if (entry !== undefined) agent.finish(entry, 'pass');
  }
  await coordinator.start();
  await Promise.all(agents.map((agent) => agent.connect()));

  const ended = await coordinator.callUntil<DeploymentView>(path, (found) => found.endedAt !== null);
  t.equal(ended.state, 'rolled_back');
  t.equal(ended.problem?.code, 'NEVER_HEALTHY');
  const { items } = await coordinator.call<{ items: HostView[] }>('GET', '/v1/hosts');
  t.ok(
    items.every((host) => host.apps.every((app) => app.target === 1)),
    'every target is the last succeeded release',
  );
  t.equal(await coordinator.end('SIGTERM'), 0, 'and a polite end is exit code 0');
});
