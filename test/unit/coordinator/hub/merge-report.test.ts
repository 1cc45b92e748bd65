import t from 'tap';
import { mergeReport } from '../../../../coordinator/hub/merge-report.ts';
import type { LiveHost } from '../../../../coordinator/ports.ts';
import type { AgentMessageOf } from '../../../../protocol/agent-messages.ts';
import { anAppReport, appName } from '../../../support/app-builders.ts';

const live = (apps: LiveHost['apps'] = {}): LiveHost => ({
  connected: true,
  capabilities: [],
  connectedChangedAt: 1,
  apps,
  metrics: null,
  status: 'before',
  problems: [],
  ingress: null,
  policy: null,
  lastSeenAt: null,
  acked: null,
  refusal: null,
});
const report = (fields: Partial<AgentMessageOf<'report'>>): AgentMessageOf<'report'> => ({
  kind: 'report',
  seq: 1,
  full: true,
  apps: {},
  metrics: null,
  status: null,
  ...fields,
});
const web = anAppReport({ release: 1 });
const db = anAppReport({ app: appName('db'), release: 4 });

t.test('mergeReport: a full report is all there is', (t) => {
  const merged = mergeReport(live({ web, db }), report({ apps: { web } }), 0);
  t.match(merged, { kind: 'merged', changed: ['db'] });
  t.same(merged.kind === 'merged' && merged.live.apps, { web });
  t.end();
});

t.test('mergeReport: a difference changes what it names, and null takes away', (t) => {
  const merged = mergeReport(live({ web, db }), report({ seq: 2, full: false, apps: { web: null } }), 1);
  t.same(merged.kind === 'merged' && merged.live.apps, { db });
  t.same(merged.kind === 'merged' && merged.changed, ['web']);
  t.end();
});

t.test('mergeReport: an app whose report could not be read stays as it was', (t) => {
  for (const full of [true, false]) {
    const merged = mergeReport(
      live({ web, db }),
      report({ seq: full ? 1 : 2, full, unreadable: ['db'] }),
      full ? 0 : 1,
    );
    t.same(merged.kind === 'merged' && merged.live.apps.db, db);
    t.same(merged.kind === 'merged' && merged.changed, full ? ['web'] : []);
  }
  t.end();
});

t.test('mergeReport: what is reported again as it was changes nothing, and what is left out stays', (t) => {
  const merged = mergeReport(live({ web }), report({ seq: 5, full: false, apps: { web: { ...web } } }), 4);
  t.same(merged.kind === 'merged' && merged.changed, []);
  t.equal(merged.kind === 'merged' && merged.live.status, 'before');
  t.end();
});

t.test('mergeReport: a gap, or a session that does not begin with a full report, is refused', (t) => {
  t.same(mergeReport(live(), report({ seq: 3 }), 1), { kind: 'gap', expected: 2 });
  t.same(mergeReport(live(), report({ seq: 1, full: false }), 0), { kind: 'gap', expected: 1 });
  t.end();
});

t.test('mergeReport: a removal counts when it is new, and always at the start of a session', (t) => {
  const gone = anAppReport({ removed: true });
  const first = mergeReport(live({ web }), report({ seq: 2, full: false, apps: { web: gone } }), 1);
  t.same(first.kind === 'merged' && first.removed, ['web']);
  const again = mergeReport(live({ web: gone }), report({ seq: 3, full: false, apps: { web: gone } }), 2);
  t.same(again.kind === 'merged' && again.removed, []);
  const reconnected = mergeReport(live({ web: gone }), report({ apps: { web: gone } }), 0);
  t.same(reconnected.kind === 'merged' && reconnected.removed, ['web']);
  t.end();
});

t.test('mergeReport: what is wrong with the host stays until the agent says otherwise', (t) => {
  const wrong = { part: 'ingress', failing: true, text: 'port 80 is taken' };
  const known = { ...live(), problems: [wrong] };
  const problemsAfter = (fields: Parameters<typeof report>[0], seq: number): unknown => {
    const merged = mergeReport(known, report({ seq, ...fields }), seq - 1);
    if (merged.kind !== 'merged') return null;
    t.equal(merged.problemsChanged, merged.live.problems.length === 0, 'told where they are other ones');
    return merged.live.problems;
  };
  t.same(problemsAfter({ full: false }, 2), [wrong]);
  t.same(problemsAfter({ full: false, problems: [] }, 2), []);
  t.same(problemsAfter({}, 1), [], 'a new session of an agent that knows none');
  t.end();
});
