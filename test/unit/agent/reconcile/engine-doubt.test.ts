import t from 'tap';
import { doubtLeftMs, doubtOf } from '../../../../agent/reconcile/engine-doubt.ts';
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

const failure = { kind: 'failed', code: 'UNHEALTHY_IN_GATE', message: 'it failed', restsOnMs: 5_000 } as const;

t.test('doubtOf: failed probes count once the engine has answered what was asked after them', (t) => {
  const up = aContainer(1, { restartPolicy: 'no' });
  const at = (seenAtMs: number) => aContext({ nowMs: 60_000, containers: [up], facts: { seenAtMs } });
  const reason = 'web/1 fails its probes; asking the Docker Engine again before this counts';
  t.match(doubtOf(at(5_000), 'web/1', up, failure), { needsLook: true, untilMs: null, reason });
  t.equal(doubtOf(at(5_001), 'web/1', up, failure), null);
  t.end();
});

t.test('doubtOf: an end counts once the engine has answered after the look that showed it', (t) => {
  const gone = ended(1);
  const at = (seenAtMs: number) =>
    aContext({ nowMs: 60_000, containers: [gone], facts: { seenAtMs, endSeenAtMs: { [gone.instance]: 11_000 } } });
  const exited = { ...failure, code: 'CONTAINER_EXITED', restsOnMs: null } as const;
  t.match(doubtOf(at(10_900), 'web/1', gone, exited), { needsLook: true });
  t.equal(doubtOf(at(11_001), 'web/1', gone, exited), null);
  t.end();
});

t.test('doubtOf: an end as by a stop waits in any case', (t) => {
  const gone = ended(143);
  const context = aContext({ nowMs: 11_000, containers: [gone], facts: { endSeenAtMs: { [gone.instance]: 10_100 } } });
  const exited = { ...failure, code: 'CONTAINER_EXITED', restsOnMs: null } as const;
  t.match(doubtOf(context, 'web/1', gone, exited), {
    needsLook: false,
    untilMs: 13_000,
    reason: 'web/1 has ended; waiting in case this host is shutting down before this counts',
  });
  t.end();
});
