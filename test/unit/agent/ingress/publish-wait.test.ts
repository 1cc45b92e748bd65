import t from 'tap';
import { DELIVERY_MARGIN_MS, settledMs } from '../../../../agent/ingress/publish-wait.ts';

t.test('settledMs: an answer just given is believed for the whole refresh interval', (t) => {
  t.equal(settledMs({ changedMs: 1_000, answeredMs: 990, refreshMs: 50 }), 990 + 50 + DELIVERY_MARGIN_MS);
  t.end();
});

t.test('settledMs: a name that nobody asked for lately is settled at once', (t) => {
  t.equal(settledMs({ changedMs: 1_000, answeredMs: 900, refreshMs: 50 }), 1_000);
  t.end();
});
