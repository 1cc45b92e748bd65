import t from 'tap';
import { problem, type ErrorCode } from '../../../../fleet/errors.ts';
import { PlanBuilder } from '../../../../agent/reconcile/plan-builder.ts';
import { planStart } from '../../../../agent/reconcile/plan-start.ts';
import { filesKey } from '../../../../agent/reconcile/prerequisites.ts';
import type { ContainerObservation } from '../../../../agent/engine/container-engine.ts';
import type { Observation } from '../../../../agent/reconcile/observation.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { aContainer, aContext, aRecord, committedJournalOf, instanceId } from '../../../support/agent-planning.ts';
import { specHash } from '../../../support/app-builders.ts';

const ended = aContainer(1, { state: 'exited', exitCode: 0 });
const NOW_MS = 60_000;

function planned(failure: { code: ErrorCode; count: number; retryAtMs?: number }, container = ended): PlanBuilder {
  const { code, count, retryAtMs = NOW_MS } = failure;
  const failures = {
    [`instance:${instanceId(1)}`]: { problem: problem(code, 'start it'), retryable: true, count, retryAtMs },
  };
  const context = aContext({ nowMs: NOW_MS, containers: [container], facts: { failures } });
  const builder = new PlanBuilder(context);
  planStart(context, builder, null, container);
  return builder;
}

t.test('planStart: one that ran and that the engine refuses to start again and again is made anew', (t) => {
  t.match(planned({ code: 'CONFLICT', count: 2 }).actions, [{ kind: 'start' }]);
  t.match(planned({ code: 'CONFLICT', count: 3 }).actions, [{ kind: 'remove', instance: instanceId(1) }]);
  t.end();
});

t.test('planStart: it waits between the tries, and refuses nothing', (t) => {
  const builder = planned({ code: 'CONFLICT', count: 3, retryAtMs: NOW_MS + 500 });
  t.same(builder.actions, []);
  t.match(builder.waits, [{ wakeAtMs: NOW_MS + 500 }]);
  t.same(builder.refusals, []);
  t.end();
});

t.test('planStart: an engine that is away, and a container that never ran, are no reason', (t) => {
  t.match(planned({ code: 'ENGINE_UNAVAILABLE', count: 9 }).actions, [{ kind: 'start' }]);
  t.match(planned({ code: 'CONFLICT', count: 9 }, aContainer(1, { state: 'created' })).actions, [{ kind: 'start' }]);
  t.end();
});

const config = { config: 'main', target: '/main', uid: null, gid: null, mode: null };
const withFiles = aRunEntry({ services: { web: { version: 'a', configs: [config] } } });

function plannedWithFiles(container: ContainerObservation, facts: Partial<Observation> = {}): PlanBuilder {
  const journal = { ...committedJournalOf(withFiles, { 'web/1': aRecord(1) }), addresses: { 'web/1': 0 } };
  const context = aContext({ journal, containers: [container], facts });
  const builder = new PlanBuilder(context);
  planStart(context, builder, withFiles, container);
  return builder;
}

t.test('planStart: the files that a container mounts are there before it starts', (t) => {
  t.match(plannedWithFiles(ended).actions, [{ kind: 'write-files', entry: { release: 1 } }]);
  t.equal(plannedWithFiles(ended).actions.length, 1);
  const ready = { [filesKey(withFiles)]: { kind: 'ready' as const, mounts: {}, environment: {} } };
  t.match(plannedWithFiles(ended, { files: ready }).actions, [{ kind: 'start' }]);
  const missing = { [filesKey(withFiles)]: { kind: 'missing' as const, secret: 'token' } };
  t.match(plannedWithFiles(ended, { files: missing }), { actions: [], waits: [{ reason: /secret token/ }] });
  const older = aContainer(1, { state: 'exited', hash: specHash('b') });
  t.match(plannedWithFiles(older).actions, [{ kind: 'start' }], 'the files of another release are not its own');
  t.end();
});
