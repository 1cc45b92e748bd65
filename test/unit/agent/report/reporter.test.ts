import t from 'tap';
import type { AppReport } from '../../../../fleet/report.ts';
import { Reporter } from '../../../../agent/report/reporter.ts';
import type { ReportMessage } from '../../../../agent/report/plan-report.ts';
import type { Link } from '../../../../agent/session/connection.ts';
import { anAppReport, anAttempt } from '../../../support/app-builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function stage(): {
  readonly clock: ManualClock;
  readonly reporter: Reporter;
  readonly link: Link & { bufferedBytes: number };
  readonly sent: ReportMessage[];
  readonly set: (report: AppReport) => void;
  readonly end: () => void;
} {
  const clock = new ManualClock();
  const over = new AbortController();
  const sent: ReportMessage[] = [];
  let report = anAppReport();
  const reporter = new Reporter(
    {
      apps: () => ({ web: report }),
      metrics: () => null,
      status: () => 'fine',
      problems: () => [],
      secrets: () => ({ held: {}, changes: 0 }),
    },
    clock,
  );
  const link = {
    session: 's',
    signal: over.signal,
    bufferedBytes: 0,
    send: (message: { kind: string }) => {
      if (message.kind === 'report') sent.push(message as ReportMessage);
    },
    sendData: async () => undefined,
  };
  const set = (next: AppReport): void => {
    report = next;
    reporter.changed();
  };
  return { clock, reporter, link, sent, set, end: () => over.abort() };
}

t.test('Reporter: the answer of an attempt leaves without any wait', async (t) => {
  const { clock, reporter, link, sent, set, end } = stage();
  const running = reporter.run(link);
  await clock.advance(0);
  set(anAppReport({ attempt: anAttempt({ state: 'passed' }) }));
  await clock.advance(0);

  t.same(
    sent.map(({ full, seq }) => [full, seq]),
    [
      [true, 1],
      [false, 2],
    ],
  );
  end();
  await running;
  t.equal(clock.sleepers, 0);
});

t.test('Reporter: many small changes are one frame a second', async (t) => {
  const { clock, reporter, link, sent, set, end } = stage();
  const running = reporter.run(link);
  await clock.advance(0);
  for (let step = 0; step < 30; step += 1) {
    set(anAppReport({ waiting: `pulling ${step}` }));
    await clock.advance(100);
  }

  t.equal(sent.length, 1 + 3);
  end();
  await running;
});

t.test('Reporter: a slow connection gets the newest and no queue', async (t) => {
  const { clock, reporter, link, sent, set, end } = stage();
  const running = reporter.run(link);
  await clock.advance(0);
  link.bufferedBytes = 10_000_000;
  for (const state of ['pulling', 'starting', 'passed'] as const) {
    set(anAppReport({ attempt: anAttempt({ state }) }));
    await clock.advance(1_000);
  }
  t.equal(sent.length, 1);
  link.bufferedBytes = 0;
  await clock.advance(250);

  t.match(sent.at(-1), { seq: 2, apps: { web: { attempt: { state: 'passed' } } } });
  end();
  await running;
});

t.test('Reporter: every connection begins with everything', async (t) => {
  const { clock, reporter, link, sent, end } = stage();
  const running = reporter.run(link);
  await clock.advance(0);
  end();
  await running;
  const over = new AbortController();
  const again = reporter.run({ ...link, signal: over.signal });
  await clock.advance(0);

  t.same(
    sent.map(({ full, seq }) => [full, seq]),
    [
      [true, 1],
      [true, 1],
    ],
  );
  over.abort();
  await again;
});
