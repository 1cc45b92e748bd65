import t from 'tap';
import { summaryOf } from '../../../../fleet/deployment-summary.ts';
import type { DeploymentState } from '../../../../fleet/deployment.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import { Proposals } from '../../../../coordinator/schedule/proposals.ts';
import type { LiveHost } from '../../../../coordinator/ports.ts';
import { pollUntil } from '../../../support/poll-until.ts';
import { aDeployment, anAppReport, appName, deploymentId, digest, hostId } from '../../../support/app-builders.ts';

const [host, web] = [hostId(1), appName('web')];

function scene(answer: 'newer' | 'nothing' | 'unreachable', latest: DeploymentState = 'succeeded') {
  const done: string[] = [];
  let proposal: Record<string, string> | null = { web: digest('b') };
  const proposals = new Proposals({
    store: {
      latestDeployments: async () => [summaryOf(aDeployment({ state: latest }))],
      appendEvents: async ({ events }) => {
        done.push(...events.map(({ kind }) => kind));
        return [];
      },
    },
    hub: { live: () => ({ apps: { web: anAppReport({ proposal }) } }) as unknown as LiveHost },
    images: {
      check: async () => {
        done.push('asked');
        if (answer === 'unreachable') throw new LongshoreError('REGISTRY_UNAVAILABLE', 'HEAD: no answer');
        return {
          deployment: answer === 'newer' ? deploymentId(9) : null,
          asked: latest === 'succeeded',
          text: 'release 3',
        };
      },
    },
    renew: () => done.push('renewed'),
    now: () => 0,
    retryMs: 2,
    onFault: (error) => t.fail(String(error)),
  });
  return {
    done,
    proposals,
    report: async () => {
      proposals.reported(host, [web]);
      await proposals.stop();
    },
    propose: (next: Record<string, string> | null) => (proposal = next),
  };
}

t.test('Proposals: a newer image in the registry becomes a release for all', async (t) => {
  const { done, report } = scene('newer');
  await report();
  await report();
  t.same(done, ['asked', 'proposal.adopted'], 'and the same proposal is answered once');
});

t.test('Proposals: where there is nothing newer the host is told its target again', async (t) => {
  const { done, report } = scene('nothing');
  await report();
  t.same(done, ['asked', 'renewed', 'proposal.taken-back']);
});

t.test('Proposals: a deployment under way says what the host runs', async (t) => {
  const { done, report } = scene('nothing', 'rolling');
  await report();
  t.same(done, ['asked']);
  await report();
  t.same(done, ['asked', 'asked'], 'should it end before it came to the host');

  const alone = scene('nothing', 'rolling');
  alone.proposals.reported(host, [web]);
  await pollUntil(
    async () => alone.done.length,
    (asked) => asked >= 2,
  );
  await alone.proposals.stop();
});

t.test('Proposals: while the registry cannot be asked the host keeps it, and is asked about again', async (t) => {
  const { done, report } = scene('unreachable');
  await report();
  await report();
  t.same(done, ['asked', 'asked']);
});

t.test('Proposals: a registry that could not be asked is asked again without another report', async (t) => {
  const { done, proposals } = scene('unreachable');
  proposals.reported(host, [web]);
  await pollUntil(
    async () => done.length,
    (asked) => asked >= 3,
  );
  await proposals.stop();
  t.ok(done.every((what) => what === 'asked'));
});

t.test('Proposals: one that is gone and comes back is a new one', async (t) => {
  const { done, report, propose } = scene('nothing');
  await report();
  propose(null);
  await report();
  propose({ web: digest('b') });
  await report();
  t.equal(done.filter((what) => what === 'asked').length, 2);
});
