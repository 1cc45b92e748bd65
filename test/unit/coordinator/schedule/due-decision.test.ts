import t from 'tap';
import { SAME_MOMENT_MS, dueDecision } from '../../../../coordinator/schedule/due-decision.ts';

const hour = 3_600_000;
const noon = 500 * hour;

t.test('dueDecision: many hosts of one moment are one question', (t) => {
  t.equal(dueDecision({ scheduledAt: noon, now: noon + 100, checkedAt: null }), 'check');
  t.equal(dueDecision({ scheduledAt: noon, now: noon + 200, checkedAt: noon + 100 }), 'answered');
  t.equal(
    dueDecision({ scheduledAt: noon, now: noon + 20 * 60_000, checkedAt: noon + 100 }),
    'answered',
    'with a splay of twenty minutes',
  );
  t.equal(dueDecision({ scheduledAt: noon + hour, now: noon + hour, checkedAt: noon + 100 }), 'check', 'the next hour');
  t.end();
});

t.test('dueDecision: a host whose clock is wrong neither silences nor floods', (t) => {
  t.equal(dueDecision({ scheduledAt: 0, now: noon, checkedAt: noon - hour }), 'check', 'it thinks it is 1970');
  t.equal(dueDecision({ scheduledAt: noon + 5 * hour, now: noon + 1_000, checkedAt: noon }), 'answered', 'it is ahead');
  t.equal(dueDecision({ scheduledAt: noon + 5 * hour, now: noon + SAME_MOMENT_MS, checkedAt: noon }), 'check');
  t.end();
});
