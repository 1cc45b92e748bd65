import t from 'tap';
import { problem } from '../../../../fleet/errors.ts';
import { TURN_LIMIT_MS, watchdogHealth, type WorkFacts } from '../../../../agent/systemd/watchdog-health.ts';

const now = 10_000_000;
const facts = (fields: Partial<WorkFacts> = {}): WorkFacts => ({
  startedAtMs: 0,
  turnAtMs: now,
  session: null,
  heardAtMs: null,
  ...fields,
});
const waiting = (untilMs: number): WorkFacts['session'] => ({
  kind: 'waiting',
  sinceMs: 0,
  untilMs,
  problem: problem('UNREACHABLE', 'x'),
});
const connected = (sinceMs: number): WorkFacts['session'] => ({
  kind: 'connected',
  sinceMs,
  session: 's',
  heartbeatMs: 10_000,
  name: 'a',
});

t.test('watchdogHealth: fed by turns of the reconciler', (t) => {
  const table: readonly (readonly [string, WorkFacts, boolean])[] = [
    ['it turned', facts({ turnAtMs: now - TURN_LIMIT_MS }), true],
    ['it did not turn', facts({ turnAtMs: now - TURN_LIMIT_MS - 1 }), false],
    ['not yet, just started', facts({ turnAtMs: null, startedAtMs: now - 1_000 }), true],
    ['never', facts({ turnAtMs: null, startedAtMs: now - TURN_LIMIT_MS - 1 }), false],
  ];
  for (const [name, given, healthy] of table) t.equal(watchdogHealth(given, now).healthy, healthy, name);
  t.end();
});

t.test('watchdogHealth: a coordinator that is away is no reason, a session that does not try is', (t) => {
  const table: readonly (readonly [string, WorkFacts, boolean])[] = [
    ['waits for its next try', facts({ session: waiting(now + 3_600_000) }), true],
    ['is a little late', facts({ session: waiting(now - 30_000) }), true],
    ['forgot to try', facts({ session: waiting(now - 61_000) }), false],
    ['dials', facts({ session: { kind: 'connecting', sinceMs: now - 29_000 } }), true],
    ['dials for ever', facts({ session: { kind: 'connecting', sinceMs: now - 91_000 } }), false],
  ];
  for (const [name, given, healthy] of table) t.equal(watchdogHealth(given, now).healthy, healthy, name);
  t.end();
});

t.test('watchdogHealth: a connected session notices silence', (t) => {
  t.ok(watchdogHealth(facts({ session: connected(0), heardAtMs: now - 60_000 }), now).healthy);
  t.ok(watchdogHealth(facts({ session: connected(now - 5_000), heardAtMs: null }), now).healthy);
  t.match(watchdogHealth(facts({ session: connected(0), heardAtMs: now - 140_000 }), now), {
    healthy: false,
    reason: /did not notice.* 140 s/,
  });
  t.end();
});
