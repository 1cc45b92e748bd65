import t from 'tap';
import type { Action } from '../../../../agent/reconcile/action.ts';
import { PlanBuilder } from '../../../../agent/reconcile/plan-builder.ts';
import { planRetirement, planStop } from '../../../../agent/reconcile/plan-retirement.ts';
import { aRunEntry, ROUTE } from '../../../support/agent-entries.ts';
import {
  aContainer,
  aContext,
  aRecord,
  committedJournalOf,
  type TestContext,
} from '../../../support/agent-planning.ts';
import { specHash } from '../../../support/app-builders.ts';

const entryOf = (release: number, version: string, stopGraceMs: number): ReturnType<typeof aRunEntry> =>
  aRunEntry({ release, services: { web: { version, stopGraceMs, ingress: ROUTE, order: 'stop-first' } } });
/** Release 2 promises 2 s, release 1 promised 40 s. */
const journal = {
  ...committedJournalOf(entryOf(2, 'b', 2_000), { 'web/1': aRecord(2, { hash: specHash('b') }) }),
  previous: entryOf(1, 'a', 40_000),
};
const ingress = { apps: [], upstreams: {}, ready: [] };

function planned(plan: (builder: PlanBuilder) => void, context: ReturnType<typeof aContext>): readonly Action[] {
  const builder = new PlanBuilder(context);
  plan(builder);
  return builder.actions;
}
const retired = (container: ReturnType<typeof aContainer>, fields: TestContext = {}): readonly Action[] => {
  const context = aContext({ journal, containers: [container], ...fields });
  return planned((builder) => planRetirement(context, builder, container), context);
};

t.test('planRetirement: an instance has the grace that its own container was made with', (t) => {
  t.match(retired(aContainer(1, { stopGraceMs: 40_000 })), [{ kind: 'stop', graceMs: 40_000 }]);
  const dropped = aContainer(3, { service: 'worker', hash: specHash('c'), stopGraceMs: 40_000 });
  t.match(retired(dropped), [{ kind: 'stop', graceMs: 40_000 }], 'no entry has the service any more');
  t.match(retired(dropped, { journal: {} }), [{ kind: 'stop', graceMs: 40_000 }], 'the journal is lost');
  t.end();
});

t.test('planRetirement: where the container does not say, the entry that it was made by does', (t) => {
  const unknown = { stopGraceMs: null };
  t.match(retired(aContainer(1, { ...unknown, hash: specHash('a') })), [{ graceMs: 40_000 }]);
  t.match(retired(aContainer(2, { ...unknown, hash: specHash('b') })), [{ graceMs: 2_000 }]);
  t.match(retired(aContainer(3, { ...unknown, hash: specHash('c') })), [{ graceMs: 2_000 }], 'the next best');
  t.match(retired(aContainer(3, { ...unknown, service: 'worker' })), [{ graceMs: 10_000 }], 'none');
  t.end();
});

t.test('planStop: requests under way are waited for, except where a new instance waits for the place', (t) => {
  const old = aContainer(1, { stopGraceMs: 7_000 });
  const context = aContext({ journal, containers: [old], facts: { ingress } });
  t.match(
    planned((builder) => planStop(context, builder, old, 'after-its-requests'), context),
    [{ kind: 'drain', graceMs: 7_000 }],
  );
  t.match(
    planned((builder) => planStop(context, builder, old, 'at-once'), context),
    [{ kind: 'stop', graceMs: 7_000 }],
  );
  const routed = aContext({
    journal,
    containers: [old],
    facts: { ingress: { ...ingress, upstreams: { 'web/web': [old.address ?? ''] } } },
  });
  t.same(
    planned((builder) => planStop(routed, builder, old, 'at-once'), routed),
    [],
    'not before the ingress has stopped sending it new requests',
  );
  t.end();
});
