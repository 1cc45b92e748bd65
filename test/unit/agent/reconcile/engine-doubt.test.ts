import t from 'tap';
import { doubtLeftMs } from '../../../../agent/reconcile/engine-doubt.ts';
import { aContainer, aContext } from '../../../support/agent-planning.ts';

const ended = (exitCode: number) =>
  aContainer(1, { state: 'exited', restartPolicy: 'no', exitCode, finishedAtMs: 10_000 });

t.test('doubtLeftMs: an error of its own is judged at once', (t) => {
  t.equal(doubtLeftMs(aContext({ nowMs: 10_000, containers: [ended(1)] }), ended(1)), 0);
  const oom = { ...ended(137), oomKilled: true };
  t.equal(doubtLeftMs(aContext({ nowMs: 10_000 }), oom), 0);
  t.end();
});

t.test('doubtLeftMs: an end as by a stop waits a moment', (t) => {
  for (const code of [0, 137, 143]) t.equal(doubtLeftMs(aContext({ nowMs: 11_000 }), ended(code)), 2_000);
  t.equal(doubtLeftMs(aContext({ nowMs: 13_000 }), ended(143)), 0);
  t.end();
});

t.test('doubtLeftMs: where others ended with it, the engine gets the time of its shutdown', (t) => {
  const other = aContainer(2, { state: 'exited', exitCode: 0, finishedAtMs: 9_000 });
  t.equal(doubtLeftMs(aContext({ nowMs: 10_000, containers: [other] }), ended(1)), 20_000);
  const longAgo = { ...other, finishedAtMs: -9_000 };
  t.equal(doubtLeftMs(aContext({ nowMs: 10_000, containers: [longAgo] }), ended(1)), 0);
  t.end();
});

t.test('doubtLeftMs: a wall clock that jumped back does not stretch it', (t) => {
  t.equal(doubtLeftMs(aContext({ nowMs: -1_000_000 }), ended(143)), 3_000);
  t.end();
});
