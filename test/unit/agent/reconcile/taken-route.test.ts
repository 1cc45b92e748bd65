import t from 'tap';
import type { OtherApp } from '../../../../agent/reconcile/app-context.ts';
import { nextActions } from '../../../../agent/reconcile/next-actions.ts';
import { mayTryAgain, takenRoute } from '../../../../agent/reconcile/taken-route.ts';
import { type AppJournal, type AttemptRecord, emptyJournal } from '../../../../agent/state/app-journal.ts';
import { problem } from '../../../../fleet/errors.ts';
import { aRunEntry, ROUTE } from '../../../support/agent-entries.ts';
import { aContainer, aContext, aRecord, committedJournalOf, noFacts } from '../../../support/agent-planning.ts';
import { appName, hostId } from '../../../support/app-builders.ts';

const withIngress = { ingress: { apps: [], upstreams: {}, ready: [] } };
const services = { web: { version: 'a', ingress: ROUTE } };
const entry = aRunEntry({ release: 2, services });
const attempt: AttemptRecord = {
  entry,
  state: 'running',
  candidates: { 'web/1': aRecord(2) },
  stopped: [],
  unwell: [],
  problem: null,
  failedService: null,
  budgetLeftMs: 60_000,
  retries: 0,
};

function other(name: string, journal: Partial<AppJournal> = {}, fields: Partial<OtherApp> = {}): OtherApp {
  const app = appName(name);
  return { app, entry, journal: { ...emptyJournal(app), ...journal }, hasContainers: false, ...fields };
}
const serving = committedJournalOf(entry, { 'web/1': aRecord(1) });
const context = (others: readonly OtherApp[], journal: Partial<AppJournal> = {}, rest = {}) =>
  aContext({ journal: { committed: null, attempt, ...journal }, facts: withIngress, others, ...rest });
const taken = (...args: Parameters<typeof context>): string | null =>
  takenRoute(context(...args), attempt)?.message ?? null;

t.test('takenRoute: the app that serves keeps its route, whatever the names are', (t) => {
  t.match(taken([other('zoo', serving)]), /^web release 2: app zoo has the route .* on this host$/);
  t.equal(
    taken([other('zoo', serving)], committedJournalOf(entry, { 'web/1': aRecord(1) })),
    null,
    'it serves there too',
  );
  t.equal(taken([other('zoo', serving)], {}, { containers: [aContainer(2)] }), null, 'it has begun');
  t.equal(taken([other('zoo', serving)], {}, { facts: { ingress: null } }), null, 'this host serves no routes');
  t.match(taken([other('zoo', serving, { entry: null })]), /zoo/, 'one that nothing names any more still serves');
  t.end();
});

t.test('takenRoute: an app on its way off the host, or off the route, does not hold it', (t) => {
  const app = appName('zoo');
  t.equal(taken([other('zoo', serving, { entry: { kind: 'remove', app, volumes: false } })]), null);
  const without = aRunEntry({ release: 3, services: { web: { version: 'a' } } });
  t.equal(taken([other('zoo', serving, { entry: without })]), null);
  t.equal(taken([other('zoo', serving, { entry: { ...entry, replicas: { web: 0 } } })]), null);
  const shared = { web: { version: 'a', ingress: ROUTE.map((route) => ({ ...route, shared: true as const })) } };
  const sharing = aRunEntry({ release: 2, services: shared });
  const both = context([other('zoo', committedJournalOf(sharing, {}), { entry: sharing })]);
  t.equal(takenRoute(both, { ...attempt, entry: sharing }), null, 'both share it');
  t.end();
});

t.test('takenRoute: of two that arrive together one comes first', (t) => {
  t.match(taken([other('aaa')]), /aaa/);
  t.equal(taken([other('zoo')]), null);
  t.match(taken([other('zoo', {}, { hasContainers: true })]), /zoo/);
  const failed = { ...attempt, state: 'failed' as const };
  t.equal(taken([other('aaa', { attempt: failed })]), null, 'one that failed holds nothing up');
  t.end();
});

t.test('mayTryAgain: only an attempt that failed for a route that is free now', (t) => {
  const failed = (code: 'ROUTE_TAKEN' | 'NEVER_HEALTHY'): Partial<AppJournal> => ({
    attempt: { ...attempt, state: 'failed', problem: problem(code, 'x') },
  });
  t.equal(mayTryAgain(context([other('zoo', serving)], failed('ROUTE_TAKEN'))), false);
  t.equal(mayTryAgain(context([], failed('ROUTE_TAKEN'))), true);
  t.equal(mayTryAgain(context([], failed('NEVER_HEALTHY'))), false);
  t.equal(mayTryAgain(context([])), false);
  t.end();
});

t.test(
  'nextActions: the app whose route is taken fails before anything is made, and the ingress hears nothing of it',
  (t) => {
    const [zoo, web] = [appName('zoo'), appName('web')];
    const found = nextActions({
      assignment: { host: hostId(1), epoch: 1, generation: 1, entries: [entry, { ...entry, app: zoo }] },
      observation: { ...noFacts, engine: { containers: [], networks: [], volumes: [] }, ...withIngress },
      journals: {
        [zoo]: { ...emptyJournal(zoo), ...committedJournalOf({ ...entry, app: zoo }, { 'web/1': aRecord(1) }) },
        [web]: { ...emptyJournal(web), subnet: '10.213.8.0/24', attempt },
      },
      rules: { host: hostId(1), subnetPool: '10.213.0.0/16', policy: () => null },
      now: { wallMs: 0, monotonicMs: 0 },
    });
    const ofWeb = found.actions.filter((action) => 'app' in action && action.app === web);
    t.match(ofWeb, [{ kind: 'mark-failed', problem: { code: 'ROUTE_TAKEN' } }]);
    t.equal(ofWeb.length, 1);
    const configured = found.actions.find(({ kind }) => kind === 'configure-ingress');
    t.match(configured, { apps: [{ app: zoo }] });
    t.notMatch(configured, { apps: [{}, {}] });
    t.end();
  },
);
