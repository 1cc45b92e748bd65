import t from 'tap';
import { problem, type ErrorCode } from '../../../../fleet/errors.ts';
import { PlanBuilder } from '../../../../agent/reconcile/plan-builder.ts';
import { planStart } from '../../../../agent/reconcile/plan-start.ts';
import { aContainer, aContext, instanceId } from '../../../support/agent-planning.ts';

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
