import t from 'tap';
import { execute } from '../../../../agent/reconcile/action.ts';
import { makeExecutors, type ExecutorTools } from '../../../../agent/reconcile/executors.ts';
import { Memory } from '../../../../agent/reconcile/memory.ts';
import { emptyJournal, type AppJournal } from '../../../../agent/state/app-journal.ts';
import { problem } from '../../../../fleet/errors.ts';
import type { InstanceId } from '../../../../fleet/ids.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { appName, hostId } from '../../../support/app-builders.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { FakeEngineSession } from '../../../support/fake-engine-session.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const app = appName('web');
const { signal } = new AbortController();

function running(): AppJournal {
  return {
    ...emptyJournal(app),
    attempt: {
      entry: aRunEntry({ release: 1, services: { web: { version: 'a' } } }),
      state: 'running',
      candidates: {},
      stopped: [],
      unwell: [],
      problem: null,
      failedService: null,
      budgetLeftMs: 600_000,
      retries: 0,
    },
  };
}

function stage(fields: Partial<ExecutorTools> = {}): { readonly tools: ExecutorTools; readonly saved: AppJournal[] } {
  const memory = new Memory(false);
  memory.journals.set(app, running());
  const saved: AppJournal[] = [];
  const tools: ExecutorTools = {
    engine: new FakeEngineSession(new FakeEngine({ now: () => 0 }), hostId(1)),
    ingress: null,
    files: { ensure: async () => ({ kind: 'ready', mounts: {}, environment: {} }), prune: async () => undefined },
    store: { saveJournal: async (journal) => void saved.push(journal), forgetJournal: async () => undefined },
    memory,
    clock: new ManualClock(),
    subnetPool: '10.213.0.0/16',
    mask: (text) => text,
    newInstanceId: () => 'i-000000000001' as InstanceId,
    onEvent: () => undefined,
    onProgress: () => undefined,
    ...fields,
  };
  return { tools, saved };
}

t.test('executors: a verdict is written although the last output cannot be read', async (t) => {
  // The fake engine knows no such container.
  const { tools, saved } = stage();
  const found = problem('NEVER_HEALTHY', 'web/1: not healthy within 30 s');
  const instance = 'i-0000000000aa' as InstanceId;

  await execute(
    makeExecutors(tools),
    { kind: 'mark-failed', app, problem: found, failedService: 'web', instance },
    signal,
  );

  t.match(saved, [{ attempt: { state: 'failed', problem: { code: 'NEVER_HEALTHY' } } }]);
  t.match(saved[0]?.attempt?.problem?.message, /^web\/1: not healthy within 30 s; no output: .*no such container/);
});

t.test('executors: a budget that cannot be written holds up nothing, and is not asked for again at once', async (t) => {
  const saveJournal = async (): Promise<void> => {
    throw new Error('ENOSPC: no space left on device');
  };
  const { tools } = stage({ store: { saveJournal, forgetJournal: async () => undefined } });

  await execute(makeExecutors(tools), { kind: 'save-budget', app, budgetLeftMs: 1_000, retries: 2 }, signal);

  t.match(tools.memory.journals.get(app)?.attempt, { budgetLeftMs: 1_000, retries: 2 });
  t.equal(tools.memory.budgetSince.get(app), 0);
});

t.test('executors: what is to stop first is noted together with the time that it may take', async (t) => {
  const { tools, saved } = stage();
  const instance = 'i-000000000001' as InstanceId;

  await execute(makeExecutors(tools), { kind: 'note-stop', app, instances: [instance], graceMs: 70_000 }, signal);

  t.match(saved, [{ attempt: { stopped: [instance], budgetLeftMs: 670_000 } }]);
});
