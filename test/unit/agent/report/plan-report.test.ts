import t from 'tap';
import type { HostMetrics } from '../../../../fleet/host.ts';
import type { AppReport } from '../../../../fleet/report.ts';
import {
  hasMoved,
  planReport,
  type ReportFacts,
  type ReportPlan,
  type SentReport,
} from '../../../../agent/report/plan-report.ts';
import { anAppReport, anAttempt, appName } from '../../../support/app-builders.ts';

const metrics: HostMetrics = {
  cpu: 0.5,
  cores: 2,
  memoryTotalBytes: 1_000,
  memoryUsedBytes: 500,
  diskTotalBytes: 1_000,
  diskFreeBytes: 500,
  uptimeMs: 1_000,
  restartNeeded: false,
};
const facts = (fields: Partial<ReportFacts> = {}): ReportFacts => ({
  apps: {},
  metrics,
  status: 'fine',
  secrets: { held: {}, changes: 0 },
  problems: [],
  nowMs: 0,
  ...fields,
});

function sent(plan: ReportPlan): SentReport {
  if (plan.kind !== 'send') throw new Error('nothing was sent');
  return plan.sent;
}

const web = anAppReport({ app: appName('web'), attempt: anAttempt({ state: 'pulling' }) });
const db = anAppReport({ app: appName('db') });

t.test('planReport: a session begins with everything', (t) => {
  const plan = planReport(null, facts({ apps: { web, db } }));

  t.match(plan, {
    kind: 'send',
    messages: [{ kind: 'report', seq: 1, full: true, apps: { web, db }, metrics, status: 'fine' }],
  });
  t.end();
});

t.test('planReport: nothing changed, nothing is said', (t) => {
  const first = planReport(null, facts({ apps: { web } }));

  t.match(planReport(sent(first), facts({ apps: { web: { ...web } }, nowMs: 60_000 })), { kind: 'wait', ms: 240_000 });
  t.match(planReport(sent(planReport(null, facts({ metrics: null }))), facts({ metrics: null })), {
    kind: 'wait',
    ms: null,
  });
  t.end();
});

t.test('planReport: the answer of an attempt leaves at once, alone', (t) => {
  const first = sent(planReport(null, facts({ apps: { web, db } })));
  const passed = { ...web, attempt: anAttempt({ state: 'passed' }) };

  const plan = planReport(first, facts({ apps: { web: passed, db }, nowMs: 1 }));

  t.same(plan.kind === 'send' && plan.messages, [
    { kind: 'report', seq: 2, full: false, apps: { web: passed }, metrics: null, status: null },
  ]);
  t.end();
});

t.test('planReport: converged, released, removed and unclaimed are as urgent', (t) => {
  const first = sent(planReport(null, facts({ apps: { web } })));
  for (const change of [
    { converged: true },
    { release: 3 },
    { removed: true },
    { unclaimed: true },
    { proposal: { web: 'x' } },
  ]) {
    t.equal(
      planReport(first, facts({ apps: { web: { ...web, ...change } }, nowMs: 1 })).kind,
      'send',
      JSON.stringify(change),
    );
  }
  t.equal(planReport(first, facts({ apps: { web, db }, nowMs: 1 })).kind, 'send', 'a new app');
  t.match(
    planReport(first, facts({ apps: {}, nowMs: 1 })),
    { kind: 'send', messages: [{ apps: { web: null } }] },
    'an app that is gone',
  );
  t.end();
});

t.test('planReport: details are gathered for a second', (t) => {
  const first = sent(planReport(null, facts({ apps: { web } })));
  const changed = facts({ apps: { web: { ...web, waiting: 'pulling 3/7' } }, nowMs: 400 });

  t.same(planReport(first, changed), { kind: 'wait', ms: 600 });
  t.match(planReport(first, { ...changed, nowMs: 1_000 }), {
    kind: 'send',
    messages: [{ apps: { web: { waiting: 'pulling 3/7' } } }],
  });
  t.match(planReport(first, facts({ apps: { web }, status: 'other', nowMs: 1_000 })), {
    kind: 'send',
    messages: [{ apps: {}, status: 'other' }],
  });
  t.end();
});

t.test('planReport: metrics go at most every 30 s, and every five minutes where they stand still', (t) => {
  const first = sent(planReport(null, facts()));
  const busy = { ...metrics, cpu: 0.9 };

  t.same(planReport(first, facts({ metrics: busy, nowMs: 10_000 })), { kind: 'wait', ms: 20_000 });
  t.match(planReport(first, facts({ metrics: busy, nowMs: 30_000 })), { kind: 'send', messages: [{ metrics: busy }] });
  t.same(planReport(first, facts({ nowMs: 30_000 })), { kind: 'wait', ms: 270_000 });
  t.match(planReport(first, facts({ nowMs: 300_000 })), { kind: 'send', messages: [{ metrics }] });
  t.match(
    planReport(sent(planReport(null, facts({ metrics: null }))), facts({ nowMs: 5 })),
    { kind: 'send' },
    'the first measurement',
  );
  t.end();
});

t.test('planReport: a very large report becomes several frames whose sum is the whole', (t) => {
  const detail = 'x'.repeat(8_000);
  const instance = {
    id: 'i-000000000000',
    service: 'web',
    replica: 1,
    hash: `h1:${'a'.repeat(64)}`,
    release: 1,
    state: 'healthy',
    routed: true,
    restarts: 0,
    startedAt: null,
    detail,
  };
  const apps = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => {
      const app = appName(`app-${index}`);
      return [
        app,
        { ...anAppReport({ app }), instances: Array.from({ length: 20 }, () => instance) } as unknown as AppReport,
      ];
    }),
  );

  const plan = planReport(null, facts({ apps }));

  if (plan.kind !== 'send') throw new Error('nothing was sent');
  t.ok(plan.messages.length > 3);
  t.same(
    plan.messages.map(({ full }) => full),
    [true, ...plan.messages.slice(1).map(() => false)],
  );
  t.same(
    plan.messages.map(({ seq }) => seq),
    plan.messages.map((_, index) => index + 1),
  );
  t.same(Object.assign({}, ...plan.messages.map(({ apps: part }) => part)), apps);
  t.ok(plan.messages.every((message) => JSON.stringify(message).length < 2_000_000));
  t.equal(plan.sent.seq, plan.messages.length);
  t.end();
});

t.test('hasMoved: by what a chart would show', (t) => {
  t.notOk(hasMoved(metrics, { ...metrics, cpu: 0.51, memoryUsedBytes: 510, uptimeMs: 90_000 }));
  t.ok(hasMoved(metrics, { ...metrics, memoryUsedBytes: 600 }));
  t.ok(hasMoved(metrics, { ...metrics, diskFreeBytes: 400 }));
  t.ok(hasMoved(metrics, { ...metrics, cores: 4 }));
  t.ok(hasMoved(metrics, { ...metrics, uptimeMs: 5 }), 'the machine was started again');
  t.ok(hasMoved(metrics, { ...metrics, restartNeeded: true }), 'an update waits for its next start');
  t.end();
});

t.test('planReport: what is held of secrets is told at first and after each change, at once', (t) => {
  const first = planReport(null, facts({ secrets: { held: { 'web/key': [1, 2] }, changes: 0 } }));
  t.match(first, { messages: [{ secrets: { 'web/key': [1, 2] } }] });

  const nothing = planReport(sent(first), facts({ secrets: { held: { 'web/key': [1, 2] }, changes: 0 }, nowMs: 1 }));
  t.match(nothing, { kind: 'wait' });

  const dropped = planReport(sent(first), facts({ secrets: { held: {}, changes: 1 }, nowMs: 1 }));
  t.match(dropped, { kind: 'send', messages: [{ full: false, apps: {}, secrets: {} }] });

  const cameAndWent = planReport(sent(dropped), facts({ secrets: { held: {}, changes: 3 }, nowMs: 2 }));
  t.match(cameAndWent, { kind: 'send', messages: [{ secrets: {} }] });
  t.end();
});

t.test('planReport: what is wrong with the host goes with the first report and when it changes', (t) => {
  const first = planReport(null, facts());
  if (first.kind !== 'send') throw new Error('nothing is sent');
  t.same(first.messages[0]?.problems, []);
  const problems = [{ part: 'ingress', failing: true, text: 'port 80 is taken' }];
  const changed = planReport(first.sent, facts({ problems, nowMs: 1_000 }));
  if (changed.kind !== 'send') throw new Error('the change is not sent');
  t.same(changed.messages[0]?.problems, problems);
  t.equal(planReport(changed.sent, facts({ problems: [...problems], nowMs: 5_000 })).kind, 'wait');
  t.end();
});
