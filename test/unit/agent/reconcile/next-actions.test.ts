import t from 'tap';
import type { ContainerObservation } from '../../../../agent/engine/container-engine.ts';
import { problem } from '../../../../fleet/errors.ts';
import type { AssignmentEntry } from '../../../../fleet/assignment.ts';
import type { Action } from '../../../../agent/reconcile/action.ts';
import { nextActions, type Plan } from '../../../../agent/reconcile/next-actions.ts';
import type { Observation } from '../../../../agent/reconcile/observation.ts';
import { type AppJournal, emptyJournal } from '../../../../agent/state/app-journal.ts';
import { aRunEntry, ROUTE, type TestEntry } from '../../../support/agent-entries.ts';
import {
  aContainer,
  aHealth,
  aRecord,
  committedJournalOf,
  instanceId,
  noFacts,
} from '../../../support/agent-planning.ts';
import { appName, digest, hostId, specHash } from '../../../support/app-builders.ts';

const web = appName('web');
const release = (number: number, version: string, fields: Partial<TestEntry> = {}): ReturnType<typeof aRunEntry> =>
  aRunEntry({ release: number, services: { web: { version } }, ...fields });
const network = { app: web, id: 'net-1', name: 'net', subnet: '10.213.0.0/24' };

interface Scene {
  readonly entry?: AssignmentEntry | null;
  readonly journal?: Partial<AppJournal> | null;
  readonly containers?: readonly ReturnType<typeof aContainer>[];
  readonly facts?: Partial<Observation>;
  readonly nowMs?: number;
  readonly policy?: () => ReturnType<typeof problem>;
}

function plan(scene: Scene): Plan {
  const { entry = null, journal = null, containers = [], facts = {}, nowMs = 0, policy } = scene;
  return nextActions({
    assignment: entry === null ? null : { host: hostId(1), epoch: 1, generation: 1, entries: [entry] },
    observation: {
      ...noFacts,
      engine: { containers, networks: containers.length > 0 ? [network] : [], volumes: [] },
      ...facts,
    },
    journals: journal === null ? {} : { [web]: { ...emptyJournal(web), ...journal } },
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: policy ?? (() => null) },
    now: { wallMs: nowMs, monotonicMs: nowMs },
  });
}

const kinds = (found: Plan): readonly Action['kind'][] => found.actions.map((action) => action.kind);
const imageA = { imageId: 'sha256:image-a', sizeBytes: 1, hasHealthcheck: false, user: '', volumes: [] };
const heldA = { app: web, service: 'web', release: 1, imageId: 'sha256:image-a', createdAtMs: 0 };
const oneGood = committedJournalOf(release(1, 'a'), { 'web/1': aRecord(1) });

t.test('nextActions: nothing to do for nothing', (t) => {
  t.match(plan({}), { actions: [], waits: [], converged: true });
  t.end();
});

t.test('nextActions: a new app begins with its intent, and pulls at the same time', (t) => {
  const found = plan({ entry: release(1, 'a') });
  t.same(kinds(found), ['begin', 'pull']);
  t.match(found.actions[0], { subnet: '10.213.0.0/24', candidates: [{ key: 'web/1', slot: 0 }] });
  t.match(found.apps, { web: { converged: false, attempt: { state: 'accepted' } } });
  t.end();
});

t.test('nextActions: what is as it should be needs nothing', (t) => {
  const found = plan({
    entry: release(1, 'a'),
    journal: oneGood,
    containers: [aContainer(1)],
    facts: { held: [heldA] },
  });
  t.same(found.actions, []);
  t.equal(found.converged, true);
  t.match(found.apps, { web: { converged: true, release: 1, attempt: { state: 'passed' } } });
  t.end();
});

t.test('nextActions: a crash between commit and restart policy is finished', (t) => {
  const containers = [aContainer(1, { restartPolicy: 'no' })];
  t.match(plan({ entry: release(1, 'a'), journal: oneGood, containers, facts: { held: [heldA] } }).actions, [
    { kind: 'set-restart', instance: instanceId(1), name: 'always' },
  ]);
  t.end();
});

t.test('nextActions: a container that nobody intended is retired', (t) => {
  const containers = [aContainer(1), aContainer(2, { state: 'exited' }), aContainer(3)];
  const found = plan({ entry: release(1, 'a'), journal: oneGood, containers, facts: { held: [heldA] } });
  t.match(found.actions, [
    { kind: 'remove', instance: instanceId(2) },
    { kind: 'stop', instance: instanceId(3) },
  ]);
  t.end();
});

t.test('nextActions: one on its way out gives up its names where others could look them up', (t) => {
  const entry = aRunEntry({ services: { web: { version: 'a' }, api: { version: 'a' } } });
  const journal = committedJournalOf(entry, { 'web/1': aRecord(1), 'api/1': aRecord(2) });
  const containers = [aContainer(1), aContainer(2, { service: 'api', aliases: ['api'] }), aContainer(3)];
  t.match(
    plan({ entry, journal, containers }).actions.find((each) => each.kind === 'set-names'),
    { instance: instanceId(3), names: { aliases: [] } },
  );
  t.end();
});

t.test('nextActions: a wrong image behind our label is replaced', (t) => {
  const containers = [aContainer(1, { imageId: 'sha256:other' })];
  const found = plan({ entry: release(1, 'a'), journal: oneGood, containers, facts: { held: [heldA] } });
  t.match(found.actions[0], { kind: 'stop', instance: instanceId(1) });
  t.match(found.alarms, [{ event: 'image-mismatch' }]);
  t.end();
});

t.test(
  'nextActions: after the loss of the journal the one with a restart policy is the good one, and nothing goes unconfirmed',
  (t) => {
    const containers = [aContainer(1), aContainer(2, { restartPolicy: 'no', attempt: 2, hash: specHash('b') })];
    const lost = plan({ entry: release(2, 'b'), containers, facts: { confirmed: false } });
    t.match(lost.actions, [{ kind: 'recognise', committed: { instances: { 'web/1': { instance: instanceId(1) } } } }]);
    t.equal(lost.actions.length, 1);
    const recognised = { recovered: true, committed: { release: 1, entry: null, instances: { 'web/1': aRecord(1) } } };
    t.same(plan({ entry: release(2, 'b'), journal: recognised, containers, facts: { confirmed: false } }).actions, []);
    const confirmed = plan({ entry: release(2, 'b'), journal: recognised, containers });
    t.match(confirmed.actions[0], { kind: 'begin', candidates: [{ key: 'web/1', adopt: null, slot: 1 }] });
    t.end();
  },
);

t.test('nextActions: of two stop-first containers without a journal the older one was good', (t) => {
  const containers = [
    aContainer(1, { restartPolicy: 'no', state: 'exited' }),
    aContainer(2, { restartPolicy: 'no', attempt: 2, release: 2, hash: specHash('b') }),
  ];
  const found = plan({ entry: release(2, 'b'), containers, facts: { confirmed: false } });
  t.match(found.actions, [{ kind: 'recognise', committed: { instances: { 'web/1': { instance: instanceId(1) } } } }]);
  t.end();
});

const running = (fields: object = {}): Partial<AppJournal> => ({
  ...oneGood,
  addresses: { 'web/1': 0 },
  attempt: {
    entry: release(2, 'b'),
    state: 'running',
    candidates: { 'web/1': aRecord(2, { slot: 1, hash: specHash('b'), attempt: 2, release: 2 }) },
    stopped: [],
    unwell: [],
    problem: null,
    failedService: null,
    budgetLeftMs: 60_000,
    retries: 0,
    ...fields,
  },
});
const candidate = aContainer(2, {
  slot: 1,
  hash: specHash('b'),
  attempt: 2,
  release: 2,
  restartPolicy: 'no',
  aliases: [],
  imageId: 'sha256:image-b',
  recordedImageId: 'sha256:image-b',
  digest: digest('b'),
});
const imageB = { ...imageA, imageId: 'sha256:image-b' };
const heldB = { ...heldA, release: 2, imageId: 'sha256:image-b' };
const swap = (scene: Partial<Scene>): Plan =>
  plan({
    entry: release(2, 'b'),
    journal: running(),
    ...scene,
    facts: {
      images: { [digest('b')]: imageB },
      held: [heldA, heldB],
      startedHere: new Set([instanceId(2)]),
      ...scene.facts,
    },
  });

t.test('nextActions: a healthy candidate commits, and nothing old goes before that', (t) => {
  const found = swap({ containers: [aContainer(1), candidate], facts: { health: { [instanceId(2)]: aHealth() } } });
  t.same(kinds(found), ['commit']);
  t.end();
});

t.test(
  'nextActions: a candidate that ended in an earlier process is started again, one of this process is judged',
  (t) => {
    const ended = { ...candidate, state: 'exited' as const, exitCode: 1, finishedAtMs: 0 };
    t.same(kinds(swap({ containers: [aContainer(1), ended], facts: { startedHere: new Set() } })), ['start']);
    const judged = swap({ containers: [aContainer(1), ended] });
    t.same(kinds(judged), ['mark-failed']);
    t.match(judged.actions[0], {
      problem: { code: 'CONTAINER_EXITED' },
      failedService: 'web',
      instance: instanceId(2),
    });
    t.end();
  },
);

t.test('nextActions: a transient failure waits for its retry, a permanent one ends the attempt', (t) => {
  const failure = (retryable: boolean, code: 'REGISTRY_UNAVAILABLE' | 'IMAGE_NOT_FOUND'): Observation['failures'] => ({
    [`image:${digest('b')}`]: { problem: problem(code, 'pull b: no'), retryable, count: 1, retryAtMs: 500 },
  });
  const waiting = swap({
    containers: [aContainer(1)],
    facts: { images: {}, failures: failure(true, 'REGISTRY_UNAVAILABLE') },
  });
  t.same(waiting.actions, []);
  t.equal(waiting.wakeAtMs, 500);
  t.match(waiting.apps, {
    web: { attempt: { state: 'pulling', nextRetryAt: 500, problem: { code: 'REGISTRY_UNAVAILABLE' } } },
  });
  const refused = swap({
    containers: [aContainer(1)],
    facts: { images: {}, failures: failure(false, 'IMAGE_NOT_FOUND') },
  });
  t.match(refused.actions, [{ kind: 'mark-failed', problem: { code: 'IMAGE_NOT_FOUND' }, failedService: null }]);
  t.end();
});

t.test(
  'nextActions: the progress deadline names the last obstacle; its rest counts from when it was journaled',
  (t) => {
    const facts = { images: {}, budgetSince: { [web]: 1_000 } } as Partial<Observation>;
    t.notMatch(kinds(swap({ containers: [aContainer(1)], nowMs: 60_999, facts })), ['mark-failed']);
    t.match(swap({ containers: [aContainer(1)], nowMs: 61_000, facts }).actions, [
      {
        kind: 'mark-failed',
        problem: { code: 'PROGRESS_DEADLINE', message: /last obstacle: pulling registry.test\/web:b/ },
      },
    ]);
    t.end();
  },
);

t.test('nextActions: stop-first stops the old one at once, without waiting for its requests to end', (t) => {
  const services = { web: { version: 'b', order: 'stop-first', ingress: ROUTE } } as const;
  const entry = release(2, 'b', { services });
  const found = swap({
    entry,
    journal: running({ entry, stopped: [instanceId(1)] }),
    containers: [
      aContainer(1, { restartPolicy: 'no', stopGraceMs: 7_000 }),
      { ...candidate, state: 'created', startedAtMs: null },
    ],
    facts: { ingress: { apps: null, upstreams: { 'web/web': [] }, ready: [] } },
  });
  t.match(
    found.actions.filter((action) => 'instance' in action),
    [{ kind: 'stop', instance: instanceId(1), graceMs: 7_000 }],
  );
  t.end();
});

t.test('nextActions: the time in which the old ones stop is not of the budget of the attempt', (t) => {
  const services = { web: { version: 'b', order: 'stop-first' } } as const;
  const entry = release(2, 'b', { services });
  const noted = swap({
    entry,
    journal: running({ entry }),
    containers: [aContainer(1, { stopGraceMs: 900_000 }), { ...candidate, state: 'created', startedAtMs: null }],
  });
  t.match(
    noted.actions.filter(({ kind }) => kind === 'note-stop'),
    [{ instances: [instanceId(1)], graceMs: 900_000 }],
  );
  t.end();
});

t.test('nextActions: neither is that in which what was on its way out before goes on stopping', (t) => {
  const budgetWith = (containers: readonly ContainerObservation[]): unknown =>
    plan({ entry: release(2, 'b'), journal: oneGood, containers }).actions.flatMap((action) =>
      action.kind === 'begin' ? [action.budgetMs] : [],
    );
  const own = release(2, 'b').spec.services.web?.gate.progressDeadlineMs ?? 0;
  t.same(budgetWith([aContainer(1, { stopGraceMs: 70_000 })]), [own], 'what serves is not leaving');
  t.same(budgetWith([aContainer(1), aContainer(3, { stopGraceMs: 70_000 })]), [own + 70_000]);
  t.same(budgetWith([aContainer(1), aContainer(3, { state: 'exited', stopGraceMs: 70_000 })]), [own]);
  t.end();
});

t.test('nextActions: what the policy refuses fails before anything is made', (t) => {
  const found = swap({ containers: [aContainer(1)], policy: () => problem('POLICY_REFUSED', 'privileged') });
  t.match(found.actions, [{ kind: 'mark-failed', problem: { code: 'POLICY_REFUSED' } }]);
  t.end();
});

t.test('nextActions: a failed attempt is final for its number', (t) => {
  const failed = running({
    state: 'failed',
    candidates: {},
    problem: problem('NEVER_HEALTHY', 'no'),
    failedService: 'web',
  });
  const found = swap({ journal: failed, containers: [aContainer(1)] });
  t.same(found.actions, []);
  t.match(found.apps, {
    web: { release: 1, converged: false, attempt: { state: 'failed', release: 2, failedService: 'web' } },
  });
  t.same(
    kinds(plan({ entry: release(2, 'b', { attempt: 3 }), journal: failed, containers: [aContainer(1)] }))[0],
    'begin',
  );
  t.end();
});

t.test('nextActions: restart loops are named', (t) => {
  const restarts = { [instanceId(1)]: [1, 2, 3, 4, 5] };
  const containers = [aContainer(1, { restartCount: 5, exitCode: 1 })];
  const found = plan({
    entry: release(1, 'a'),
    journal: oneGood,
    containers,
    nowMs: 10,
    facts: { held: [heldA], restarts },
  });
  t.match(found.alarms, [{ event: 'restart-loop', text: /^web: web\/1 started again 5 times in 10 minutes/ }]);
  t.match(found.apps, {
    web: { waiting: /^web\/1 started again/, instances: [{ state: 'unhealthy', detail: /^started again/ }] },
  });
  t.match(found.apps, { web: { converged: false } });
  const later = plan({
    entry: release(1, 'a'),
    journal: oneGood,
    containers,
    nowMs: 700_000,
    facts: { held: [heldA], restarts },
  });
  t.same(later.alarms, []);
  t.end();
});

t.test('nextActions: a service that is joined by a second one gets its name before that one asks for it', (t) => {
  const both = aRunEntry({ release: 2, services: { web: { version: 'a' }, api: { version: 'b' } } });
  const candidates = { 'api/1': aRecord(2, { hash: specHash('b') }) };
  const containers = [aContainer(1, { aliases: [] })];
  const found = plan({ entry: both, journal: running({ entry: both, candidates }), containers });
  t.match(
    found.actions.find((each) => each.kind === 'set-names'),
    { instance: instanceId(1), names: { aliases: ['web'] } },
  );
  t.end();
});

t.test('nextActions: what was not well before an attempt does not speak against it, what becomes so does', (t) => {
  const both = (api: string) => aRunEntry({ release: 2, services: { web: { version: 'a' }, api: { version: api } } });
  const before = committedJournalOf(aRunEntry({ services: { web: { version: 'a' }, api: { version: 'a' } } }), {
    'web/1': aRecord(1),
    'api/1': aRecord(3),
  });
  const { attempt: _, ...withoutAttempt } = before;
  const unhealthy = { [instanceId(1)]: aHealth({ isUnhealthy: true, healthySinceMs: null, lastAnswer: 'no api' }) };
  const api = { service: 'api', aliases: ['api'] };
  const containers = [aContainer(1), aContainer(3, api)];
  const begun = plan({ entry: both('b'), journal: before, containers, facts: { health: unhealthy } });
  t.match(
    begun.actions.find((each) => each.kind === 'begin'),
    { unwell: [instanceId(1)] },
  );

  const candidates = { 'api/1': aRecord(2, { slot: 1, hash: specHash('b'), attempt: 2, release: 2 }) };
  const during = (
    unwell: readonly (typeof candidates)['api/1']['instance'][],
    budgetSince: Observation['budgetSince'] = {},
  ): Plan =>
    plan({
      entry: both('b'),
      journal: { ...running({ entry: both('b'), candidates, unwell }), ...withoutAttempt },
      containers: [...containers, { ...candidate, ...api }],
      facts: {
        images: { [digest('b')]: imageB },
        health: { ...unhealthy, [instanceId(2)]: aHealth() },
        startedHere: new Set([instanceId(2)]),
        budgetSince,
      },
      nowMs: 70_000,
    });
  t.ok(kinds(during([instanceId(1)])).includes('commit'));
  const blocked = during([], { [web]: 0 });
  t.notOk(kinds(blocked).includes('commit'));
  t.match(
    blocked.actions.find((each) => each.kind === 'mark-failed'),
    { problem: { code: 'PROGRESS_DEADLINE', message: /last obstacle: web\/1, which stays, is not healthy: no api/ } },
  );
  t.end();
});

t.test('nextActions: what stays and does not run holds an attempt up, whatever it was before', (t) => {
  const entry = release(2, 'a', { attempt: 2 });
  const { attempt: _, ...before } = oneGood;
  const down = aContainer(1, { state: 'exited', exitCode: 137 });
  const failure = { problem: problem('PORT_IN_USE', 'port 80 is taken'), retryable: true, count: 1, retryAtMs: 90_000 };
  const facts = { held: [heldA], failures: { [`instance:${instanceId(1)}`]: failure } };
  const during = (container: typeof down, fields: Partial<Observation> = {}): Plan =>
    plan({
      entry,
      journal: { ...running({ entry, candidates: {}, unwell: [instanceId(1)] }), ...before },
      containers: [container],
      facts: { ...facts, ...fields },
      nowMs: 70_000,
    });
  const reason = /web\/1, which stays, does not run: port 80 is taken/;
  const waiting = during(down);
  t.same(kinds(waiting), []);
  t.match(waiting.waits[0], { reason });
  t.match(during(down, { budgetSince: { [web]: 0 } }).actions, [
    { kind: 'mark-failed', problem: { code: 'PROGRESS_DEADLINE', message: reason } },
  ]);
  t.ok(kinds(during(aContainer(1), { failures: {} })).includes('commit'));
  t.end();
});

t.test('nextActions: one that ended for good is replaced, also when the entry that made it is lost', (t) => {
  const once = release(2, 'a', { services: { web: { version: 'a', restart: { name: 'no', maxAttempts: 0 } } } });
  const journal = { committed: { release: 1, entry: null, instances: { 'web/1': aRecord(1) } } };
  const found = plan({
    entry: once,
    journal,
    containers: [aContainer(1, { state: 'exited', exitCode: 1, restartPolicy: 'no' })],
  });
  t.match(found.actions[0], { kind: 'begin', candidates: [{ key: 'web/1' }] });
  t.end();
});

t.test('nextActions: the files of what serves are written again where nothing says that they are there', (t) => {
  const config = { config: 'main', target: '/main', uid: null, gid: null, mode: null };
  const entry = release(1, 'a', { services: { web: { version: 'a', configs: [config] } } });
  const journal = committedJournalOf(entry, { 'web/1': aRecord(1) });
  const found = plan({ entry, journal, containers: [aContainer(1)], facts: { held: [heldA] } });
  t.same(kinds(found), ['write-files']);
  t.end();
});

t.test('nextActions: an app whose instance cannot be started says why', (t) => {
  const failure = { problem: problem('PORT_IN_USE', 'port 80 is taken'), retryable: true, count: 1, retryAtMs: 90_000 };
  const found = plan({
    entry: release(1, 'a'),
    journal: oneGood,
    containers: [aContainer(1, { state: 'exited', exitCode: 137 })],
    facts: { held: [heldA], failures: { [`instance:${instanceId(1)}`]: failure } },
  });
  t.match(found.apps, {
    web: { converged: false, waiting: 'web/1 ended with exit code 137 and does not start: port 80 is taken' },
  });
  t.end();
});

t.test('nextActions: two apps that begin together get networks of their own', (t) => {
  const entries = ['one', 'two'].map((app) => aRunEntry({ app, services: { web: { version: 'a' } } }));
  const found = nextActions({
    assignment: { host: hostId(1), epoch: 1, generation: 1, entries },
    observation: noFacts,
    journals: {},
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
    now: { wallMs: 0, monotonicMs: 0 },
  });
  const subnets = found.actions.flatMap((action) => (action.kind === 'begin' ? [action.subnet] : []));
  t.same(subnets, ['10.213.0.0/24', '10.213.1.0/24']);
  t.equal(found.actions.filter((action) => action.kind === 'pull').length, 1, 'one pull for the image they share');
  t.end();
});
