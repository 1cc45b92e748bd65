import t from 'tap';
import { problem } from '../../../../fleet/errors.ts';
import type { AppJournal } from '../../../../agent/state/app-journal.ts';
import { PlanBuilder } from '../../../../agent/reconcile/plan-builder.ts';
import { planStart } from '../../../../agent/reconcile/plan-start.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import {
  aContainer,
  aContext,
  aRecord,
  committedJournalOf,
  instanceId,
  type TestContext,
} from '../../../support/agent-planning.ts';

const entry = aRunEntry({ services: { web: { version: 'a' } } });
const journal = { ...committedJournalOf(entry, { 'web/1': aRecord(1) }), addresses: { 'web/1': 0 } };
const stopped = aContainer(1, { state: 'exited', exitCode: 137 });

function planned(fields: TestContext, container = stopped): PlanBuilder {
  const context = aContext({ journal, containers: [container], ...fields });
  const builder = new PlanBuilder(context);
  planStart(context, builder, entry, container);
  return builder;
}

t.test('planPlace: with its network and address as they were it starts', (t) => {
  t.match(planned({}).actions, [{ kind: 'start', instance: instanceId(1) }]);
  t.end();
});

t.test('planPlace: a network that is gone is made again first', (t) => {
  const builder = planned({ network: null });
  t.match(builder.actions, [{ kind: 'ensure-network', subnet: '10.213.0.0/24' }]);
  t.equal(builder.actions.length, 1);
  t.match(builder.waits, [{ reason: /made again/ }]);
  t.end();
});

t.test('planPlace: one that knows the network from before is connected to the present one', (t) => {
  const other = aContainer(1, { state: 'exited', networkId: 'net-0' });
  const wanted = { kind: 'set-names', network: 'net', address: '10.213.0.2', names: { aliases: ['web'], links: {} } };
  t.match(planned({}, other).actions, [wanted]);
  const elsewhere = { app: entry.app, id: 'net-2', name: 'net', subnet: '10.213.7.0/24' };
  t.match(planned({ network: elsewhere }).actions, [{ ...wanted, address: '10.213.7.2' }], 'also with another subnet');
  t.match(planned({}, aContainer(1, { state: 'exited', address: null, networkId: null })).actions, [
    { kind: 'set-names', address: '10.213.0.2' },
  ]);
  t.end();
});

t.test(
  'planPlace: where a container that is not ours has the address, the next free pair is journaled and taken',
  (t) => {
    const failure = { problem: problem('ADDRESS_IN_USE', 'start it'), retryable: true, count: 1, retryAtMs: 500 };
    const facts = { failures: { [`instance:${instanceId(1)}`]: failure } };
    const own = aContainer(2, { address: '10.213.0.5' });
    const context = { facts, nowMs: 1_000, containers: [stopped, own] };
    t.match(planned(context).actions, [{ kind: 'move-address', key: 'web/1', index: 2 }], 'not one that ours hold');
    const moved = { ...journal, addresses: { 'web/1': 2 } };
    t.match(planned({ ...context, journal: moved }).actions, [{ kind: 'set-names', address: '10.213.0.6' }]);
    t.match(planned({ ...context, journal: moved, nowMs: 0 }).actions, [], 'not before its retry is due');
    t.end();
  },
);

t.test('planPlace: where one that is still stopping has the address, another one is journaled and taken', (t) => {
  const attempt = {
    ...committedJournalOf(entry, {}).attempt,
    entry,
    state: 'running' as const,
    candidates: { 'web/1': aRecord(1) },
  };
  const made = aContainer(1, { state: 'created', networkId: null });
  const serving = aContainer(2, { address: '10.213.0.3', slot: 1 });
  const leaving = aContainer(3, { address: made.address });
  const journalOf = (index: number): Partial<AppJournal> => ({
    ...committedJournalOf(entry, { 'web/1': aRecord(2, { slot: 1 }) }),
    attempt: attempt as NonNullable<AppJournal['attempt']>,
    addresses: { 'web/1': index },
  });
  const containers = [made, serving, leaving];
  t.match(planned({ journal: journalOf(0), containers }, made).actions, [
    { kind: 'move-address', key: 'web/1', index: 1 },
  ]);
  t.match(planned({ journal: journalOf(1), containers }, made).actions, [
    { kind: 'set-names', instance: instanceId(1), address: '10.213.0.4' },
  ]);
  const moved = aContainer(1, { state: 'created', networkId: null, address: '10.213.0.4' });
  t.match(planned({ journal: journalOf(1), containers: [moved, serving, leaving] }, moved).actions, [
    { kind: 'start' },
  ]);
  t.end();
});
