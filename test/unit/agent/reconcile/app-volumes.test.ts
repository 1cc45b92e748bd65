import t from 'tap';
import type { MountSpec, VolumeSpec } from '../../../../fleet/app-spec.ts';
import type { RunEntry } from '../../../../fleet/assignment.ts';
import { imageVolumeKey, uncoveredPaths } from '../../../../fleet/image-volumes.ts';
import { appName, aService } from '../../../support/app-builders.ts';
import { isAnonymousVolume, volumeName } from '../../../../agent/engine/engine-names.ts';
import type { ContainerObservation, VolumeObservation } from '../../../../agent/engine/container-engine.ts';
import {
  changedVolume,
  engineVolume,
  instanceVolumes,
  mustStopFirst,
  rootVolume,
} from '../../../../agent/reconcile/app-volumes.ts';
import { PlanBuilder } from '../../../../agent/reconcile/plan-builder.ts';
import { planVolumeNotes } from '../../../../agent/reconcile/plan-volumes.ts';
import { planPrerequisites } from '../../../../agent/reconcile/prerequisites.ts';
import { nextActions } from '../../../../agent/reconcile/next-actions.ts';
import type { Observation } from '../../../../agent/reconcile/observation.ts';
import { type AppJournal, emptyJournal } from '../../../../agent/state/app-journal.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import {
  aContainer,
  aContext,
  aHealth,
  aRecord,
  committedJournalOf,
  instanceId,
  noFacts,
  type TestContext,
} from '../../../support/agent-planning.ts';
import { digest, hostId, specHash } from '../../../support/app-builders.ts';

const ANONYMOUS = 'a'.repeat(64);
const EMPTY = 'b'.repeat(64);
const image = { imageId: 'sha256:image-a', sizeBytes: 1, hasHealthcheck: false, user: '', volumes: ['/data'] };
const entry = aRunEntry({ services: { web: { version: 'a' } } });

const context = (fields: TestContext = {}): ReturnType<typeof aContext> =>
  aContext({ ...fields, facts: { images: { [digest('a')]: image }, ...fields.facts } });

t.test('a path that the image declares is a volume of its own unless something is mounted exactly there', (t) => {
  const mounts: readonly MountSpec[] = [
    { kind: 'volume', volume: 'data', target: '/data', readOnly: false },
    { kind: 'tmpfs', target: '/cache/', sizeBytes: null, mode: null },
    { kind: 'volume', volume: 'lib', target: '/var/lib', readOnly: false },
  ];
  const declared = ['/var/lib/db', '/data/', 'cache', '/logs', '/logs/'];
  t.same(uncoveredPaths(declared, aService({ mounts })), ['/logs', '/var/lib/db']);
  t.end();
});

t.test('the names of volumes are valid for Docker and never meet', (t) => {
  const volumes = [
    imageVolumeKey('db', 1, '/data'),
    imageVolumeKey('db', 2, '/data'),
    imageVolumeKey('db', 1, '/2/data'),
    imageVolumeKey('db', 1, '/da_ta'),
    imageVolumeKey('db', 1, '/da.ta'),
    imageVolumeKey('db', 1, '/da/ta'),
    imageVolumeKey('db', 1, '/dé:a'),
    'db-data',
    'db.data',
  ];
  const names = volumes.map((volume) => volumeName(hostId(1), appName('web'), volume));
  t.equal(new Set(names).size, names.length);
  for (const name of names) t.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
  t.notOk(names.some(isAnonymousVolume));
  t.end();
});

t.test('a volume of the image is made before the container, one for each replica', (t) => {
  const two = aRunEntry({ services: { web: { version: 'a', copies: 2 } } });
  const builder = new PlanBuilder(context());
  const { isReady } = planPrerequisites(context(), builder, two, ['web']);
  t.notOk(isReady);
  t.match(builder.actions, [
    { kind: 'ensure-volume', volume: 'web:/data' },
    { kind: 'ensure-volume', volume: 'web/2:/data' },
  ]);
  t.end();
});

t.test('an anonymous volume of a container of before is taken over by its name', (t) => {
  const old = aContainer(1, { volumes: { '/data': ANONYMOUS } });
  t.same(instanceVolumes(context({ containers: [old] }), entry, 'web/1'), { named: {}, image: { '/data': ANONYMOUS } });
  t.equal(instanceVolumes(context({ containers: [old] }), entry, 'web/2'), null, 'of this replica only');
  t.end();
});

t.test('a taken over volume is noted while its container is there, and found by the note when it is not', (t) => {
  const journal = committedJournalOf(entry, { 'web/1': aRecord(1) });
  const seen = context({ containers: [aContainer(1, { volumes: { '/data': ANONYMOUS } })], journal });
  const builder = new PlanBuilder(seen);
  planVolumeNotes(seen, builder);
  t.match(builder.actions, [{ kind: 'note-volumes', volumes: { 'web:/data': ANONYMOUS } }]);

  const noted = { ...journal, volumes: { 'web:/data': ANONYMOUS } };
  const again = new PlanBuilder(context({ containers: seen.containers, journal: noted }));
  planVolumeNotes(context({ containers: seen.containers, journal: noted }), again);
  t.same(again.actions, [], 'once');

  const other = context({ containers: [aContainer(1, { volumes: { '/data': EMPTY } })], journal: noted });
  const kept = new PlanBuilder(other);
  planVolumeNotes(other, kept);
  t.same(kept.actions, [], 'another anonymous volume does not take its place');
  t.equal(engineVolume(context({ journal: noted }), entry, 'web:/data'), ANONYMOUS);
  t.end();
});

t.test('a removed app keeps the name of its anonymous data; only a removal with volumes takes it', (t) => {
  const app = appName('web');
  const plan = (volumes: boolean): ReturnType<typeof nextActions> =>
    nextActions({
      assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [{ kind: 'remove', app, volumes }] },
      observation: noFacts,
      journals: { [app]: { ...emptyJournal(app), subnet: '10.213.0.0/24', volumes: { 'web:/data': ANONYMOUS } } },
      rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
      now: { wallMs: 0, monotonicMs: 0 },
    });
  t.match(plan(false).actions, [{ kind: 'forget', volumes: { 'web:/data': ANONYMOUS } }]);
  t.match(plan(true).actions, [{ kind: 'remove-volume', volume: 'web:/data', name: ANONYMOUS }]);
  t.end();
});

t.test('what is left of a removed app is no app of the host', (t) => {
  const app = appName('web');
  const journal = { ...emptyJournal(app), volumes: { 'web:/data': ANONYMOUS } };
  const plan = nextActions({
    assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [] },
    observation: noFacts,
    journals: { [app]: journal },
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
    now: { wallMs: 0, monotonicMs: 0 },
  });
  t.same([plan.actions, plan.apps, plan.converged], [[], {}, true]);
  t.end();
});

t.test('two instances over one volume of the image never run together, unless the file asks for it', (t) => {
  const candidate = { service: 'web', volumes: { '/data': ANONYMOUS } };
  const old = (volumes: ContainerObservation['volumes']): ContainerObservation => aContainer(1, { volumes });
  t.equal(mustStopFirst(entry, candidate, old({ '/data': ANONYMOUS })), true);
  t.equal(mustStopFirst(entry, candidate, old({ '/data': 'b'.repeat(64) })), false, 'not the same volume');
  t.equal(mustStopFirst(entry, candidate, old({})), false, 'the old image had none');
  t.equal(mustStopFirst({ ...entry, startFirst: ['web'] }, candidate, old({ '/data': ANONYMOUS })), false, 'stated');
  t.equal(mustStopFirst(null, candidate, old({ '/data': ANONYMOUS })), true, 'nothing is known');
  const mounts = [{ kind: 'volume', volume: 'data', target: '/data', readOnly: true }] as const;
  const named = aRunEntry({ volumes: ['data'], services: { web: { version: 'a', mounts } } });
  t.equal(mustStopFirst(named, candidate, old({ '/data': ANONYMOUS })), false, 'the file mounts it, read-only');
  t.end();
});

function planWithCandidate(
  fields: Partial<ContainerObservation>,
  {
    volumes = {},
    images = { [digest('a')]: image },
  }: { readonly volumes?: AppJournal['volumes']; readonly images?: Observation['images'] } = {},
): ReturnType<typeof nextActions> {
  const app = appName('web');
  const old = aRecord(1, { hash: specHash('b') });
  const journal = committedJournalOf(entry, { 'web/1': old });
  const attempt = {
    entry,
    state: 'running' as const,
    candidates: { 'web/1': aRecord(2, { slot: 1 }) },
    stopped: [],
    unwell: [],
    problem: null,
    failedService: null,
    budgetLeftMs: 60_000,
    retries: 0,
  };
  const containers = [
    aContainer(1, { hash: specHash('b'), volumes: { '/data': ANONYMOUS } }),
    aContainer(2, { slot: 1, restartPolicy: 'no', address: '10.213.0.3', volumes: { '/data': EMPTY }, ...fields }),
  ];
  return nextActions({
    assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [entry] },
    observation: {
      ...noFacts,
      images,
      health: { [instanceId(1)]: aHealth(), [instanceId(2)]: aHealth() },
      engine: { containers, networks: [{ app, id: 'net-1', name: 'net', subnet: '10.213.0.0/24' }], volumes: [] },
    },
    journals: { [app]: { ...emptyJournal(app), ...journal, addresses: { 'web/1': 0 }, volumes, attempt } },
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
    now: { wallMs: 60_000, monotonicMs: 60_000 },
  });
}

t.test('a candidate that an agent of before made over an empty volume is made again', (t) => {
  const done = (plan: ReturnType<typeof nextActions>): readonly string[] =>
    plan.actions.flatMap((action) =>
      ['remove', 'start', 'stop', 'commit', 'note-stop'].includes(action.kind) ? [action.kind] : [],
    );
  const created = planWithCandidate({ state: 'created' });
  t.same(done(created), ['remove']);
  t.match(
    created.actions.filter((action) => action.kind === 'remove'),
    [{ instance: instanceId(2) }],
  );
  const running = planWithCandidate({});
  t.same(done(running), ['stop'], 'however well it runs, it does not commit');
  t.match(
    running.actions.filter((action) => action.kind === 'stop'),
    [{ instance: instanceId(2) }],
  );
  t.same(done(planWithCandidate({}, { images: {} })), ['stop'], 'before its image was looked at');
  t.same(done(planWithCandidate({ state: 'exited', exitCode: 0 })), ['remove']);
  t.same(done(planWithCandidate({}, { volumes: { 'web:/data': EMPTY } })), ['commit'], 'the one that is noted');
  t.same(done(planWithCandidate({ volumes: { '/data': ANONYMOUS } })), ['commit'], 'the one that is served');
  t.end();
});

const DATA = [{ kind: 'volume', volume: 'data', target: '/data', readOnly: false }] as const;
const aVolume = { external: false, name: null, driver: null, driverOpts: {}, labels: {} };
const named = (spec: Partial<VolumeSpec>): RunEntry => {
  const made = aRunEntry({ services: { web: { version: 'a', mounts: DATA } } });
  return { ...made, spec: { ...made.spec, volumes: { data: { ...aVolume, ...spec } } } };
};
const seenVolume = (name: string): VolumeObservation => ({
  app: appName('web'),
  volume: 'data',
  name,
  driver: 'local',
  options: { type: 'nfs' },
});

t.test('which volume a name in the file is follows from what the file calls it', (t) => {
  const own = volumeName(hostId(1), appName('web'), 'data');
  const volumes = [seenVolume('first'), seenVolume(own), seenVolume('longshore-h-of-before-web-data')];
  const of = (fields: TestContext, spec: Partial<VolumeSpec> = {}): string | null =>
    engineVolume(context({ volumes, ...fields }), named(spec), 'data');
  t.equal(of({}), own);
  t.equal(of({}, { name: 'first' }), 'first');
  t.equal(of({}, { name: 'second' }), null, 'to be made');
  t.equal(of({ volumes: volumes.slice(0, 1) }), null, 'one that the file named once is another one');
  t.equal(of({ volumes: volumes.slice(2) }), 'longshore-h-of-before-web-data');
  t.equal(of({}, { name: 'x', external: true }), 'x');

  const committed = committedJournalOf(named({}), { 'web/1': aRecord(1) });
  const journal = { ...committed, volumes: { data: 'first' } };
  t.equal(of({ journal }), 'first', 'what is mounted stays while its name in the file does');
  t.equal(of({ journal }, { name: 'second' }), null);
  t.end();
});

t.test('a volume that exists with another definition is found, but not on the way back', (t) => {
  const own = volumeName(hostId(1), appName('web'), 'data');
  const seen = context({ volumes: [seenVolume(own)] });
  t.match(changedVolume(seen, named({}), ['web']), { code: 'VOLUME_CHANGED', message: /driver_opts\.type/ });
  t.match(changedVolume(seen, named({ driver: 'other' }), ['web'])?.message, /another driver, driver_opts\.type/);
  t.equal(changedVolume(seen, named({ driverOpts: { type: 'nfs' } }), ['web']), null);
  t.equal(changedVolume(seen, named({ name: 'second' }), ['web']), null, 'another volume');
  t.equal(changedVolume(seen, { ...named({}), rollback: true }, ['web']), null);
  t.equal(changedVolume(seen, named({}), []), null, 'no instance of it is made');
  t.end();
});

t.test('an image that declares the whole file system as a volume is refused', (t) => {
  const declaring = (volumes: readonly string[]) =>
    context({ facts: { images: { [digest('a')]: { ...image, volumes } } } });
  t.match(rootVolume(declaring(['/data', '//']), entry, ['web']), {
    code: 'IMAGE_INVALID',
    message: /web declares \/ /,
  });
  t.equal(rootVolume(declaring(['/data']), entry, ['web']), null);
  t.equal(rootVolume(context({ facts: { images: {} } }), entry, ['web']), null, 'not pulled yet');
  t.end();
});
