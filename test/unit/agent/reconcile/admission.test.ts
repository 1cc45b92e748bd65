import t from 'tap';
import type { Action } from '../../../../agent/reconcile/action.ts';
import { admitted, laneLimits, type LaneLimits } from '../../../../agent/reconcile/admission.ts';
import { keysInOrder } from '../../../../agent/reconcile/dependencies.ts';
import { nextActions } from '../../../../agent/reconcile/next-actions.ts';
import { emptyJournal } from '../../../../agent/state/app-journal.ts';
import { aRunEntry } from '../../../support/agent-entries.ts';
import { aContainer, aRecord, instanceId, noFacts } from '../../../support/agent-planning.ts';
import { appName, digest, hostId } from '../../../support/app-builders.ts';

const limits: LaneLimits = { pull: 1, place: 3, change: 2, stop: 2 };
const of = (kind: 'start' | 'remove', app: string, number: number): Action => ({
  kind,
  app: appName(app),
  service: 'web',
  replica: 1,
  instance: instanceId(number),
});
const start = (app: string, number: number): Action => of('start', app, number);
const remove = (app: string, number: number): Action => of('remove', app, number);
const stop = (app: string, number: number): Action => ({
  kind: 'stop',
  app: appName(app),
  service: 'web',
  instance: instanceId(number),
  graceMs: 0,
});
const pull = (letter: string, app = 'web'): Action => ({
  kind: 'pull',
  app: appName(app),
  request: { reference: `r/web:${letter}`, digest: digest(letter), platform: null },
});
const commit: Action = { kind: 'commit', app: appName('web'), images: {} };

t.test('admitted: no more of a lane than its places, what is under way counted', (t) => {
  const starts = [1, 2, 3, 4, 5].map((number) => start('web', number));
  t.same(admitted(starts, [], limits), starts.slice(0, 3), 'in the order of the plan');
  t.same(admitted(starts.slice(2), starts.slice(0, 2), limits), [starts[2]]);
  t.same(admitted(starts.slice(3), starts.slice(0, 3), limits), []);
  t.same(admitted([pull('a'), pull('b')], [], limits), [pull('a')]);
  t.end();
});

t.test('admitted: removals, stops and the journal never wait behind starts', (t) => {
  const full = [1, 2, 3].map((number) => start('web', number));
  const wanted = [start('web', 4), remove('web', 5), stop('web', 6), commit];
  t.same(new Set(admitted(wanted, full, limits)), new Set([remove('web', 5), stop('web', 6), commit]));
  t.end();
});

t.test('admitted: apps take turns, so that a large one does not hold up a small one', (t) => {
  const wanted = [1, 2, 3, 4].map((number) => start('large', number));
  t.same(admitted([...wanted, start('small', 5)], [], limits), [wanted[0], start('small', 5), wanted[1]]);
  t.same(admitted([...wanted.slice(2), start('small', 5)], wanted.slice(0, 2), limits), [start('small', 5)]);
  t.end();
});

t.test('admitted: an app that waits for no other image may always pull one', (t) => {
  t.same(admitted([pull('b'), pull('c', 'db'), pull('d', 'db')], [pull('a')], limits), [pull('c', 'db')]);
  t.end();
});

t.test('laneLimits: by cores, and never less than a few', (t) => {
  t.match(laneLimits(1), { pull: 3, place: 4, change: 4 });
  t.match(laneLimits(16), { pull: 16, place: 32, change: 32 });
  t.end();
});

t.test('keysInOrder: what others depend on comes first, else the order of the file', (t) => {
  const entry = aRunEntry({
    services: {
      web: { version: 'a', copies: 2, dependsOn: { api: 'healthy' } },
      api: { version: 'b', dependsOn: { db: 'started' } },
      job: { version: 'c' },
      db: { version: 'd' },
    },
  });
  t.same(keysInOrder(entry), ['job/1', 'db/1', 'api/1', 'web/1', 'web/2']);
  t.end();
});

t.test('an attempt counts how many of its instances are started', (t) => {
  const web = appName('web');
  const entry = aRunEntry({ services: { web: { version: 'a', copies: 3 } } });
  const candidates = { 'web/1': aRecord(1), 'web/2': aRecord(2), 'web/3': aRecord(3) };
  const containers = [
    aContainer(1, { restartPolicy: 'no' }),
    aContainer(2, { replica: 2, state: 'created', restartPolicy: 'no' }),
  ];
  const found = nextActions({
    assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [entry] },
    observation: {
      ...noFacts,
      engine: { containers, networks: [{ app: web, id: 'net-1', name: 'net', subnet: '10.213.0.0/24' }], volumes: [] },
      images: {
        [digest('a')]: { imageId: 'sha256:image-a', sizeBytes: 1, hasHealthcheck: false, user: '', volumes: [] },
      },
      startedHere: new Set([instanceId(1)]),
    },
    journals: {
      [web]: {
        ...emptyJournal(web),
        subnet: '10.213.0.0/24',
        addresses: { 'web/1': 0, 'web/2': 1, 'web/3': 2 },
        attempt: {
          entry,
          state: 'running',
          candidates,
          stopped: [],
          unwell: [],
          problem: null,
          failedService: null,
          budgetLeftMs: 60_000,
          retries: 0,
        },
      },
    },
    rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
    now: { wallMs: 0, monotonicMs: 0 },
  });
  t.match(found.apps, { web: { attempt: { state: 'starting' }, waiting: /^1 of 3 started/ } });
  t.end();
});
