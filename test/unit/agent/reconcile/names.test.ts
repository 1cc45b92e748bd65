import t from 'tap';
import { namesAtCreation, missingNames, servingAliases } from '../../../../agent/reconcile/names.ts';
import { type AttemptRecord, goalInstances, type InstanceRecord } from '../../../../agent/state/app-journal.ts';
import { aRunEntry, type TestEntry } from '../../../support/agent-entries.ts';
import { aContainer, aContext, aRecord, committedJournalOf, instanceId } from '../../../support/agent-planning.ts';
import { specHash } from '../../../support/app-builders.ts';

type Records = Readonly<Record<string, InstanceRecord>>;

/** Web and api change, db stays: db/1 is 1, api/1 and web/1 are 2 and 3 before and 12 and 13 after. */
const before = aRunEntry({ services: { db: { version: 'a' }, api: { version: 'a' }, web: { version: 'a' } } });
const after = aRunEntry({
  release: 2,
  services: { db: { version: 'a' }, api: { version: 'b' }, web: { version: 'b' } },
});
const old = { 'db/1': aRecord(1), 'api/1': aRecord(2), 'web/1': aRecord(3) };
const candidates = {
  'api/1': aRecord(12, { slot: 1, hash: specHash('b') }),
  'web/1': aRecord(13, { slot: 1, hash: specHash('b') }),
};
const of = (number: number, service: string, fields = {}) =>
  aContainer(number, { service, aliases: [service], ...fields });
const serving = [of(1, 'db'), of(2, 'api'), of(3, 'web')];

function staged(entry = after, candidatesOf: Records = candidates, containers = serving, committed: Records = old) {
  const journal = committedJournalOf(before, committed);
  const attempt: AttemptRecord = {
    entry,
    state: 'running',
    candidates: candidatesOf,
    stopped: [],
    unwell: [],
    problem: null,
    failedService: null,
    budgetLeftMs: 60_000,
    retries: 0,
  };
  const context = aContext({ journal: { ...journal, attempt }, containers });
  const goal = goalInstances(context.journal, attempt);
  const created = (key: string) => namesAtCreation(context, entry, goal, key, goal[key] ?? aRecord(99));
  return { context, goal, created };
}

t.test('namesAtCreation: candidates find each other, and what stays as everybody does', (t) => {
  const links = { api: instanceId(12), web: instanceId(13) };
  const { created } = staged();
  t.same(created('api/1'), { aliases: [instanceId(12)], links });
  t.same(created('web/1'), { aliases: [instanceId(13)], links });
  t.end();
});

t.test('namesAtCreation: in a first deployment, and of a new service, there is no other to mistake it for', (t) => {
  const first = staged(before, old, [], {});
  t.same(first.created('web/1'), { aliases: ['web', instanceId(3)], links: {} });
  const services: TestEntry['services'] = { db: { version: 'a' }, cache: { version: 'b' } };
  const added = staged(aRunEntry({ release: 2, services }), { 'cache/1': aRecord(12) }, [of(1, 'db')], {
    'db/1': aRecord(1),
  });
  t.same(added.created('cache/1'), { aliases: ['cache', instanceId(12)], links: {} });
  t.end();
});

t.test('namesAtCreation: the one instance of an app is named at once; nobody else could ask', (t) => {
  const entry = aRunEntry({ release: 2, services: { web: { version: 'b' } } });
  const { created } = staged(entry, { 'web/1': aRecord(13) }, [of(3, 'web')], { 'web/1': aRecord(3) });
  t.same(created('web/1'), { aliases: ['web', instanceId(13)], links: {} });
  t.end();
});

t.test('namesAtCreation: replicas are one group; where some of a service stay, its name is not replaced', (t) => {
  const services: TestEntry['services'] = { api: { version: 'b', copies: 2 }, web: { version: 'a', copies: 2 } };
  const group = { 'api/1': aRecord(12), 'api/2': aRecord(14), 'web/2': aRecord(15) };
  const { created } = staged(aRunEntry({ release: 2, services }), group);
  t.same(created('api/2'), { aliases: [instanceId(12)], links: { api: instanceId(12) } });
  t.same(created('web/2'), { aliases: [], links: { api: instanceId(12) } });
  t.end();
});

t.test('namesAtCreation: one that is made again is called what others look for', (t) => {
  const linked = of(3, 'web', { links: { api: instanceId(7) } });
  const context = aContext({ journal: committedJournalOf(before, old), containers: [of(1, 'db'), linked] });
  t.same(namesAtCreation(context, before, old, 'api/1', aRecord(2)), { aliases: ['api', instanceId(7)], links: {} });
  t.end();
});

t.test('missingNames: after the gate the service names come, and those under which others still look for it', (t) => {
  const links = { api: instanceId(12), web: instanceId(13) };
  const api = of(12, 'api', { aliases: [instanceId(12)], links });
  const { context, goal } = staged(after, candidates, [
    of(1, 'db', { links: { api: instanceId(7) } }),
    of(2, 'api'),
    api,
  ]);
  t.same(servingAliases(context, after, goal, 'api'), ['api', instanceId(7), instanceId(12)]);
  const names = missingNames(context, after, goal, 'api/1', api);
  t.same(names, { aliases: [instanceId(12), 'api', instanceId(7)], links }, 'and its own view stays');
  t.equal(missingNames(context, after, goal, 'api/1', { ...api, aliases: names?.aliases ?? [] }), null);
  t.end();
});
