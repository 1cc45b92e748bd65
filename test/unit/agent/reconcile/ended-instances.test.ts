import t from 'tap';
import type { ServiceSpec } from '../../../../fleet/app-spec.ts';
import type { ContainerObservation } from '../../../../agent/engine/container-engine.ts';
import { nextActions, type Plan } from '../../../../agent/reconcile/next-actions.ts';
import type { Observation } from '../../../../agent/reconcile/observation.ts';
import { emptyJournal } from '../../../../agent/state/app-journal.ts';
import { aRunEntry, IMAGE_PROBE, ROUTE } from '../../../support/agent-entries.ts';
import { aContainer, aRecord, committedJournalOf, instanceId, noFacts } from '../../../support/agent-planning.ts';
import { appName, digest, hostId } from '../../../support/app-builders.ts';

const web = appName('web');
const image = { imageId: 'sha256:image-a', sizeBytes: 1, hasHealthcheck: false, user: '', volumes: [] };

interface Scene {
  readonly restart: ServiceSpec['restart']['name'];
  readonly ingress?: ServiceSpec['ingress'];
  readonly container?: Partial<ContainerObservation>;
  readonly facts?: Partial<Observation>;
  /** Another attempt of the same release. */
  readonly attempt?: number;
  readonly nowMs?: number;
}

/** One committed instance that has ended. */
function plan(scene: Scene): Plan {
  const { restart, ingress = ROUTE, container = {}, facts = {}, attempt = 1, nowMs = 1_000 } = scene;
  const services = {
    web: { version: 'a', probe: IMAGE_PROBE, ingress, restart: { name: restart, maxAttempts: 0 } },
  } as const;
  const containers = [aContainer(1, { state: 'exited', exitCode: 0, restartPolicy: restart, ...container })];
  return nextActions({
    assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [aRunEntry({ services, attempt })] },
    observation: {
      ...noFacts,
      engine: { containers, networks: [{ app: web, name: 'net', id: 'net-1', subnet: '10.213.0.0/24' }], volumes: [] },
      images: { [digest('a')]: image },
      held: [{ app: web, service: 'web', release: 1, imageId: image.imageId, createdAtMs: 0 }],
      ...facts,
    },
    journals: {
      [web]: { ...emptyJournal(web), ...committedJournalOf(aRunEntry({ services }), { 'web/1': aRecord(1) }) },
    },
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
    now: { wallMs: nowMs, monotonicMs: nowMs },
  });
}

t.test('a committed server with restart on-failure is started again after exit code 0', (t) => {
  t.match(plan({ restart: 'on-failure' }).actions, [{ kind: 'start', instance: instanceId(1) }]);
  const job = plan({ restart: 'on-failure', ingress: [] });
  t.match(job.actions, [{ kind: 'note-completed', instances: [instanceId(1)] }], 'a job has done its work');
  t.match(job.apps, { web: { converged: true } });
  t.end();
});

t.test('what is nearly done is said in plain words', (t) => {
  const container = { state: 'running', exitCode: null, restartPolicy: 'no' } as const;
  const last = plan({ restart: 'always', container });
  t.match(last.apps, { web: { converged: false, waiting: 'web/1 is up; finishing the swap' } });
  const next = plan({ restart: 'always', container, attempt: 2 });
  t.match(next.apps, { web: { converged: false, waiting: 'about to start' } });
  t.end();
});

t.test('a committed server with restart no stays down and its app is not converged', (t) => {
  const found = plan({ restart: 'no' });
  t.same(found.actions, []);
  t.match(found.apps, { web: { converged: false, waiting: 'web/1 ended with exit code 0' } });
  t.end();
});

t.test('a new attempt replaces what its restart policy leaves down', (t) => {
  const found = plan({ restart: 'no', attempt: 2 });
  t.match(found.actions[0], { kind: 'begin', candidates: [{ key: 'web/1', slot: 1 }] });
  t.match(plan({ restart: 'no', ingress: [], attempt: 2 }).actions[0], { kind: 'begin', candidates: [] });
  t.match(plan({ restart: 'on-failure', attempt: 2 }).actions[0], { kind: 'begin', candidates: [] });
  t.end();
});

t.test('an instance that ends again and again is started with a growing delay', (t) => {
  const facts = (restarts: readonly number[]): Partial<Observation> => ({
    startedHere: new Set([instanceId(1)]),
    endSeenAtMs: { [instanceId(1)]: 1_000 },
    restarts: { [instanceId(1)]: restarts },
  });
  const at = (nowMs: number, restarts: readonly number[]): Plan =>
    plan({ restart: 'on-failure', facts: facts(restarts), nowMs });
  t.match(at(1_000, []).actions, [{ kind: 'start' }]);
  t.match(at(1_199, [900]), { actions: [], wakeAtMs: 1_200 });
  t.match(at(1_200, [900]).actions, [{ kind: 'start' }]);
  t.match(at(1_200, [700, 800, 900]), { actions: [], wakeAtMs: 1_800 });
  const often = at(
    2_000,
    Array.from({ length: 50 }, () => 900),
  );
  t.match(often, { actions: [], wakeAtMs: 61_000, alarms: [{ event: 'restart-loop' }] });
  t.end();
});
