import t from 'tap';
import { MOST_PENDING_EVENTS, PendingChanges } from '../../../../coordinator/console/pending-changes.ts';
import { aDeploymentView, aHostId, aHostView, anEventView } from '../../../support/views.ts';

function takeAll(pending: PendingChanges) {
  const taken = [];
  for (let next = pending.take(); next !== null; next = pending.take()) taken.push(next);
  return taken;
}

t.test('pending changes: the newest view per object, behind what came before it', (t) => {
  const pending = new PendingChanges();
  pending.add({ kind: 'host', host: aHostView({ name: 'old' }) });
  pending.add({ kind: 'deployment', deployment: aDeploymentView() });
  pending.add({ kind: 'host', host: aHostView({ name: 'new' }) });
  t.ok(pending.has({ kind: 'host-gone', host: aHostId() }));

  t.match(takeAll(pending), [{ kind: 'deployment' }, { kind: 'host', host: { name: 'new' } }]);
  t.notOk(pending.has({ kind: 'host-gone', host: aHostId() }));
  t.end();
});

t.test(
  'pending changes: events past the bound are counted, and nothing comes between the kept ones and the count',
  (t) => {
    const pending = new PendingChanges();
    for (let number = 1; number <= MOST_PENDING_EVENTS + 5; number += 1)
      pending.add({ kind: 'event', event: anEventView({ number }) });
    t.match(pending.take(), { kind: 'event', event: { number: 1 } });
    pending.add({ kind: 'event', event: anEventView({ number: MOST_PENDING_EVENTS + 6 }) });

    const rest = takeAll(pending);
    t.equal(rest.length, MOST_PENDING_EVENTS);
    t.match(rest.at(-2), { kind: 'event', event: { number: MOST_PENDING_EVENTS } });
    t.same(rest.at(-1), { kind: 'left-out', events: 6 });
    pending.add({ kind: 'event', event: anEventView({ number: 2_000 }) });
    t.match(takeAll(pending), [{ event: { number: 2_000 } }], 'and it goes on');
    t.end();
  },
);
