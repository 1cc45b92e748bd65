import t from 'tap';
import { toActionFailure } from '../../../../agent/reconcile/action-failure.ts';
import type { Action } from '../../../../agent/reconcile/action.ts';
import { Memory } from '../../../../agent/reconcile/memory.ts';
import { emptyJournal, failedJournal, type AppJournal } from '../../../../agent/state/app-journal.ts';
import type { ContainerObservation } from '../../../../agent/engine/container-engine.ts';
import { LongshoreError, problem } from '../../../../fleet/errors.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { aContainer, aRecord, instanceId } from '../../../support/agent-planning.ts';
import { appName } from '../../../support/app-builders.ts';

const web = appName('web');
const entry = aRunEntry({ services: { web: { version: 'a' } } });
const noSpace = new LongshoreError('NO_SPACE', 'create web/web/1: the disk is full');

function attemptOf(candidate: number, fields: Partial<AppJournal> = {}): AppJournal {
  return {
    ...emptyJournal(web),
    attempt: {
      entry: { ...entry, attempt: candidate },
      state: 'running',
      candidates: { 'web/1': aRecord(candidate) },
      stopped: [],
      unwell: [],
      problem: null,
      failedService: null,
      budgetLeftMs: 1_000,
      retries: 0,
    },
    ...fields,
  };
}

/** As the runner of actions does it. */
function fail(memory: Memory, object: string): void {
  const before = memory.failures.get(object)?.count ?? 0;
  const action = { kind: 'forget-stop', app: web } satisfies Action;
  memory.failures.set(object, toActionFailure({ action, error: noSpace, before, nowMs: 0, random: 0.5 }));
}

function look(memory: Memory, containers: readonly ContainerObservation[] = []): void {
  memory.endLook(memory.beginLook(0), { containers, networks: [], volumes: [] }, 0);
  memory.forgetGone();
}

t.test('memory: attempt after attempt that cannot create its instance leaves nothing behind', async (t) => {
  const memory = new Memory(false);
  const counted: number[] = [];
  for (let number = 1; number <= 100; number += 1) {
    const journal = attemptOf(number);
    memory.journals.set(web, journal);
    for (let tries = 1; tries <= 3; tries += 1) {
      fail(memory, `instance:${instanceId(number)}`);
      look(memory);
      counted.push(memory.failures.get(`instance:${instanceId(number)}`)?.count ?? 0);
    }
    memory.journals.set(web, failedJournal(journal, problem('NO_SPACE', 'full'), 'web'));
  }

  look(memory);

  t.equal(memory.failures.size, 0);
  t.same(new Set(counted), new Set([1, 2, 3]), 'the pause grew with each try');
});

t.test('memory: failures of whatever is still wanted, or still there, stay', async (t) => {
  const memory = new Memory(false);
  const committed = { release: 1, entry, instances: { 'web/1': aRecord(1) } };
  const { attempt } = attemptOf(2);
  const journal = attemptOf(2, {
    committed,
    attempt: attempt === null ? null : { ...attempt, stopped: [instanceId(3)] },
  });
  memory.journals.set(web, journal);
  const kept = [...[1, 2, 3, 4].map((number) => `instance:${instanceId(number)}`), 'journal:web', 'network:web'];
  for (const object of [...kept, `instance:${instanceId(5)}`]) fail(memory, object);

  look(memory, [aContainer(4)]);

  t.same([...memory.failures.keys()], kept);
});

t.test('memory: a container that was started again has no health yet, whatever its last run ended with', (t) => {
  const memory = new Memory(false);
  look(memory, [aContainer(1, { state: 'exited', engineHealth: 'unhealthy', engineHealthDetail: 'refused' })]);
  memory.apply({ kind: 'started', instance: instanceId(1) });
  t.match(memory.engine?.containers[0], { state: 'running', engineHealth: 'starting', engineHealthDetail: null });
  look(memory, [aContainer(1, { state: 'exited' })]);
  memory.apply({ kind: 'started', instance: instanceId(1) });
  t.match(memory.engine?.containers[0], { engineHealth: 'none' });
  t.end();
});
