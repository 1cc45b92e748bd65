import t from 'tap';
import { problem, type ErrorCode } from '../../../../fleet/errors.ts';
import { RECONNECT } from '../../../../fleet/retry.ts';
import { CLOSE } from '../../../../protocol/agent-messages.ts';
import {
  connectionLifeMs,
  reconnectPlan,
  SETTLED_MS,
  type ConnectionEnd,
} from '../../../../agent/session/reconnect.ts';

const HOUR_MS = 3_600_000;
const lost = (code = 1006): ConnectionEnd => ({ kind: 'lost', code, problem: problem('UNREACHABLE', 'gone') });
const refused = (code: ErrorCode, retryAfterMs: number | null = null): ConnectionEnd => ({
  kind: 'refused',
  problem: problem(code, 'no'),
  retryAfterMs,
});

t.test('reconnectPlan: grows from 250 ms to two minutes, with jitter', (t) => {
  t.equal(reconnectPlan(lost(), null, 0, 1).waitMs, 250);
  t.equal(reconnectPlan(lost(), null, 0, 0).waitMs, 125);
  t.equal(reconnectPlan(lost(), null, 1, 1).waitMs, 375);
  t.equal(reconnectPlan(lost(), null, 100, 1).waitMs, RECONNECT.capMs);
  t.equal(reconnectPlan(lost(), null, 3, 0).failures, 4);
  t.end();
});

t.test('reconnectPlan: starts anew only after a minute connected', (t) => {
  t.equal(reconnectPlan(lost(), SETTLED_MS - 1, 9, 0).failures, 10, 'a coordinator that flaps');
  t.equal(reconnectPlan(lost(), SETTLED_MS, 9, 1).waitMs, 250);
  t.equal(reconnectPlan(lost(), SETTLED_MS, 9, 1).failures, 1);
  t.end();
});

t.test('reconnectPlan: an own drop is dialled again within a second and is no failure', (t) => {
  const plan = reconnectPlan({ kind: 'recycled' }, 1_900_000, 4, 0.5);

  t.same(plan, { waitMs: 500, failures: 0 });
  t.end();
});

t.test('reconnectPlan: a removed host waits an hour, however it learns it', (t) => {
  for (const end of [refused('HOST_REMOVED'), refused('HOST_REMOVED', 1_000), lost(CLOSE.removed)]) {
    const { waitMs } = reconnectPlan(end, null, 0, 0.5);
    t.ok(waitMs >= HOUR_MS && waitMs <= HOUR_MS * 1.1, String(waitMs));
  }
  t.end();
});

t.test('reconnectPlan: waits as long as it is asked, spread', (t) => {
  t.equal(reconnectPlan(refused('SHUTTING_DOWN', 30_000), null, 0, 0).waitMs, 30_000);
  t.equal(reconnectPlan(refused('SHUTTING_DOWN', 30_000), null, 0, 1).waitMs, 36_000);
  t.end();
});

t.test('reconnectPlan: what needs a person is tried slowly, what passes by itself quickly', (t) => {
  for (const code of [
    'IDENTITY_UNKNOWN',
    'SIGNATURE_INVALID',
    'IDENTITY_IN_USE',
    'PROTOCOL_VERSION',
    'AUDIENCE_MISMATCH',
  ] as const) {
    t.ok(reconnectPlan(refused(code), null, 0, 0).waitMs >= RECONNECT.capMs, code);
  }
  t.ok(reconnectPlan(refused('SHUTTING_DOWN'), null, 0, 1).waitMs <= 250);
  t.end();
});

t.test('connectionLifeMs: half an hour and up to five minutes', (t) => {
  t.equal(connectionLifeMs(0), 30 * 60_000);
  t.equal(connectionLifeMs(1), 35 * 60_000);
  t.end();
});
