import t from 'tap';
import type { AssignmentEntry, RunEntry } from '../../../../fleet/assignment.ts';
import { nextActions, type Plan } from '../../../../agent/reconcile/next-actions.ts';
import { type AppJournal, type AttemptRecord, emptyJournal } from '../../../../agent/state/app-journal.ts';
import { journalFileSchema } from '../../../../agent/state/journal-schema.ts';
import { aRunEntry, EXEC_PROBE, type TestEntry } from '../../../support/agent-entries.ts';
import {
  aContainer,
  aHealth,
  aRecord,
  committedJournalOf,
  instanceId,
  noFacts,
} from '../../../support/agent-planning.ts';
import { appName, deploymentId, digest, hostId, specHash } from '../../../support/app-builders.ts';

const web = appName('web');
const once = { name: 'no', maxAttempts: 0 } as const;
const release = (number: number, server: string, migrate: string, fields: Partial<TestEntry> = {}): RunEntry =>
  aRunEntry({
    release: number,
    services: {
      migrate: { version: migrate, restart: once },
      web: { version: server, dependsOn: { migrate: 'completed' } },
    },
    ...fields,
  });
const server = aContainer(1, { hash: specHash('a') });
const migration = aContainer(2, {
  service: 'migrate',
  hash: specHash('c'),
  state: 'exited',
  exitCode: 0,
  restartPolicy: 'no',
});
const records = { 'web/1': aRecord(1), 'migrate/1': aRecord(2, { hash: specHash('c') }) };
const image = { imageId: 'sha256:image-a', sizeBytes: 1, hasHealthcheck: false, user: '', volumes: [] };
const images = { [digest('a')]: image, [digest('b')]: image, [digest('c')]: image };
const withD = { ...images, [digest('d')]: image };

function plan(
  entry: AssignmentEntry,
  journal: Partial<AppJournal>,
  containers: readonly ReturnType<typeof aContainer>[],
  known: typeof images = images,
): Plan {
  const health = Object.fromEntries(containers.map((each) => [each.instance, aHealth()]));
  return nextActions({
    assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [entry] },
    observation: {
      ...noFacts,
      engine: { containers, networks: [{ app: web, id: 'net-1', name: 'net', subnet: '10.213.0.0/24' }], volumes: [] },
      held: null,
      images: known,
      health,
    },
    journals: { [web]: { ...emptyJournal(web), addresses: { 'web/1': 0, 'migrate/1': 1 }, ...journal } },
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
    now: { wallMs: 60_000, monotonicMs: 60_000 },
  });
}

const kinds = (found: Plan): readonly string[] => found.actions.map((action) => action.kind);
const committed = committedJournalOf(release(1, 'a', 'c'), records);
const noted = { ...committed, completions: { [instanceId(2)]: 'completed' as const } };
const underWay = (entry: RunEntry, candidates: AttemptRecord['candidates']): AttemptRecord => ({
  entry,
  state: 'running',
  candidates,
  stopped: [],
  unwell: [],
  problem: null,
  failedService: null,
  budgetLeftMs: 600_000,
  retries: 0,
});

t.test('one-shot: its completion is noted, and the app is converged and the instance counts', (t) => {
  const found = plan(release(1, 'a', 'c'), committed, [server, migration]);
  t.match(found.actions, [{ kind: 'note-completed', instances: [instanceId(2)] }]);
  t.equal(found.actions.length, 1);
  const after = plan(release(1, 'a', 'c'), noted, [server, migration]);
  t.same(after.actions, []);
  t.match(after.apps, { web: { converged: true, instances: [{ completed: false }, { completed: true }] } });
  t.end();
});

t.test('one-shot: its pruned container is not made again, no alarm is raised, and it is still reported', (t) => {
  const found = plan(release(1, 'a', 'c'), noted, [server]);
  t.same(found.actions, []);
  t.same(found.alarms, []);
  t.equal(found.converged, true);
  t.match(found.apps, {
    web: { instances: [{ service: 'web' }, { service: 'migrate', replica: 1, state: 'stopped', completed: true }] },
  });
  const other = plan(release(2, 'b', 'c'), noted, [server]);
  t.match(other.actions[0], { kind: 'begin', candidates: [{ key: 'web/1' }] }, 'a release that leaves it alone');
  t.end();
});

t.test('one-shot: one that never completed is made again', (t) => {
  t.match(kinds(plan(release(1, 'a', 'c'), committed, [server])), ['create']);
  t.end();
});

t.test('one-shot: pruned in the middle of an attempt, it still lets its dependents start', (t) => {
  const entry = release(2, 'b', 'd');
  const candidates = {
    'migrate/1': aRecord(3, { hash: specHash('d'), release: 2, slot: 1 as const }),
    'web/1': aRecord(4, { hash: specHash('b'), release: 2, slot: 1 as const }),
  };
  const journal = { ...noted, attempt: underWay(entry, candidates) };
  const completions = { ...noted.completions, [instanceId(3)]: 'completed' as const };
  const next = aContainer(4, { hash: specHash('b'), state: 'created', slot: 1, address: '10.213.0.3' });
  const found = plan(entry, { ...journal, completions }, [server, migration, next]);
  t.match(found.actions, [{ kind: 'start', instance: instanceId(4) }]);
  const passed = plan(entry, { ...journal, completions }, [server, migration, { ...next, state: 'running' }]);
  t.match(passed.actions, [{ kind: 'commit' }]);
  t.end();
});

t.test('one-shot: the attempt commits only what the journal knows to have completed', (t) => {
  const entry = release(2, 'a', 'd');
  const candidates = { 'migrate/1': aRecord(3, { hash: specHash('d'), release: 2, slot: 1 as const }) };
  const done = aContainer(3, { ...migration, instance: instanceId(3), hash: specHash('d') });
  const found = plan(entry, { ...noted, attempt: underWay(entry, candidates) }, [server, migration, done], withD);
  t.match(found.actions, [{ kind: 'note-completed', instances: [instanceId(3)] }]);
  t.equal(found.actions.length, 1);
  t.end();
});

t.test('one-shot: a service that becomes a server has to run, whatever it completed before', (t) => {
  const entry = aRunEntry({ services: { migrate: { version: 'c' }, web: { version: 'a' } } });
  const journal = { ...noted, ...committedJournalOf(entry, records) };
  t.match(kinds(plan(entry, journal, [server])), ['create']);
  t.end();
});

const ran = aContainer(5, { ...migration, instance: instanceId(5), hash: specHash('d'), release: 2 });
const next = {
  'web/1': aRecord(4, { hash: specHash('b'), release: 2 }),
  'migrate/1': aRecord(5, { hash: specHash('d'), release: 2 }),
};
const moved = {
  ...committedJournalOf(release(2, 'b', 'd'), next),
  completions: { [instanceId(5)]: 'completed' as const },
};
const newer = aContainer(4, { hash: specHash('b'), release: 2, address: '10.213.0.2' });
const wayBack = (fields: Partial<TestEntry> = {}): RunEntry =>
  release(1, 'a', 'c', { rollback: true, attempt: 3, ...fields });
const leftOut = (found: Plan): unknown =>
  found.actions.flatMap((action) =>
    action.kind === 'begin' ? action.candidates.map(({ key, omitted }) => [key, omitted !== null]) : [],
  );
const both = (isMigrationLeftOut: boolean): unknown => [
  ['migrate/1', isMigrationLeftOut],
  ['web/1', false],
];

t.test('one-shot: it does not run on the way back, and who waits for it goes on', (t) => {
  const begun = plan(wayBack(), moved, [newer, ran]);
  t.same(leftOut(begun), both(true));
  t.same(kinds(begun), ['begin'], 'its image is not needed');
  t.same(leftOut(plan(wayBack({ rollback: false }), moved, [newer, ran])), both(false), 'a deployment runs it');

  const candidates = { 'migrate/1': aRecord(6, { hash: specHash('c') }), 'web/1': aRecord(7, { slot: 1 }) };
  const completions = { ...moved.completions, [instanceId(6)]: 'left-out' as const };
  const journal = { ...moved, attempt: underWay(wayBack(), candidates), completions };
  const created = aContainer(7, { state: 'created', slot: 1, address: '10.213.0.3' });
  t.match(plan(wayBack(), journal, [newer, ran, created]).actions[0], { kind: 'start', instance: instanceId(7) });
  const back = { ...committedJournalOf(wayBack(), candidates), completions };
  const found = plan(wayBack(), back, [{ ...created, state: 'running' }]);
  t.equal(found.converged, true);
  t.match(found.apps, { web: { instances: [{}, { completed: true, detail: 'not run on the way back' }] } });
  t.end();
});

t.test('one-shot: where nothing is committed there is no way back, and it runs', (t) => {
  t.same(leftOut(plan(wayBack(), {}, [])), both(false));
  t.end();
});

t.test('one-shot: with `restart: no` alone, one that runs now is a server and goes back too', (t) => {
  const probe = { ...EXEC_PROBE, check: { kind: 'none' } } as const;
  const services = { migrate: { version: 'c', restart: once, probe }, web: { version: 'a' } };
  const entry = aRunEntry({ services, rollback: true, attempt: 3 });
  t.same(leftOut(plan(entry, moved, [newer, ran])), both(true));
  t.same(leftOut(plan(entry, moved, [newer, { ...ran, state: 'running' }])), both(false));
  t.end();
});

t.test('one-shot: `always` runs on the way back, and unchanged once with each deployment', (t) => {
  t.same(leftOut(plan(wayBack({ always: ['migrate'] }), moved, [newer, ran])), both(false));
  const again = release(3, 'b', 'd', { always: ['migrate'] });
  t.same(leftOut(plan(again, moved, [newer, ran])), [['migrate/1', false]]);
  t.same(leftOut(plan({ ...again, always: [] }, moved, [newer, ran])), [], 'otherwise it stays as it is');
  const { deployment } = next['migrate/1'];
  const renewed = release(2, 'b', 'd', { always: ['migrate'], deployment, attempt: 9 });
  t.same(leftOut(plan(renewed, moved, [newer, ran])), [], 'a further attempt of its deployment');
  t.end();
});

t.test('restart: unchanged instances are replaced, once for each deployment, and work that is done is not', (t) => {
  const again = { deployment: deploymentId(7), attempt: 7, replace: ['web', 'migrate'] };
  const restart = release(1, 'a', 'c', again);
  t.match(plan(restart, noted, [server, migration]).actions[0], {
    kind: 'begin',
    candidates: [{ key: 'web/1', slot: 1, hash: specHash('a'), adopt: null }],
  });
  const other = plan({ ...restart, replace: ['other'] }, noted, [server, migration]);
  t.match(other.actions[0], { kind: 'begin', candidates: [] });
  const made = { ...records, 'web/1': aRecord(1, { deployment: deploymentId(7) }) };
  const done = { ...noted, ...committedJournalOf(restart, made), completions: noted.completions };
  t.same(plan(restart, done, [server, migration]).actions, [], 'an agent that starts again');
  const renewed = plan({ ...restart, attempt: 8 }, done, [server, migration]);
  t.match(renewed.actions[0], { kind: 'begin', candidates: [] }, 'a further attempt of the same deployment');
  t.end();
});

const step = (number: number, [migrate, seed]: readonly [string, string], fields: Partial<TestEntry> = {}): RunEntry =>
  aRunEntry({
    release: number,
    attempt: number * 10,
    once: ['migrate', 'seed'],
    onlyOnce: true,
    services: {
      migrate: { version: migrate, restart: once },
      seed: { version: seed, restart: once },
      web: { version: 'a' },
    },
    ...fields,
  });
const ranBoth = {
  ...committedJournalOf(step(1, ['c', 'a'], { onlyOnce: false }), { ...records, 'seed/1': aRecord(3) }),
  completions: { [instanceId(2)]: 'completed' as const, [instanceId(3)]: 'once' as const },
};

t.test('one-shot: before the first wave, what did not change does not run a second time', (t) => {
  t.same(leftOut(plan(step(2, ['c', 'b']), ranBoth, [server])), [['seed/1', false]]);
  t.same(leftOut(plan(step(2, ['d', 'a']), ranBoth, [server, migration])), [['migrate/1', false]]);
  const always = step(2, ['c', 'b'], { always: ['migrate'] });
  t.same(
    leftOut(plan(always, ranBoth, [server])),
    [
      ['migrate/1', false],
      ['seed/1', false],
    ],
    'unless it says `always`',
  );
  t.end();
});

t.test('one-shot: before the first wave of a rollback, only `always` runs', (t) => {
  const back = step(3, ['d', 'b'], { rollback: true, always: ['seed'] });
  const expected = [
    ['migrate/1', true],
    ['seed/1', false],
  ];
  t.same(leftOut(plan(back, ranBoth, [server])), expected);
  t.same(leftOut(plan(step(3, ['d', 'a'], { rollback: true, always: ['seed'] }), ranBoth, [server])), expected);
  t.same(leftOut(plan(back, {}, [])), expected, 'also on a host that is new to the app');
  t.end();
});

t.test('journal file: completions have a default, and come back as they were', (t) => {
  const { completions: _, ...before } = { ...emptyJournal(web), ...committed };
  const journal = { ...before, completions: noted.completions };
  t.same(journalFileSchema.parse({ version: 1, journal: before }).journal.completions, {});
  t.same(journalFileSchema.parse({ version: 1, journal }).journal.completions, noted.completions);
  t.end();
});
