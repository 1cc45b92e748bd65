import t from 'tap';
import { ALONE_AFTER_MS, tickAction } from '../../../../agent/schedule/tick-action.ts';

t.test('tickAction: a connected agent only asks; alone it acts only after an hour and with permission', (t) => {
  t.equal(tickAction({ connected: true, awayMs: 0, offline: 'keep' }), 'ask');
  t.equal(tickAction({ connected: true, awayMs: ALONE_AFTER_MS, offline: 'update' }), 'ask');
  t.equal(tickAction({ connected: false, awayMs: ALONE_AFTER_MS - 1, offline: 'update' }), 'skip');
  t.equal(tickAction({ connected: false, awayMs: ALONE_AFTER_MS, offline: 'update' }), 'update-alone');
  t.equal(tickAction({ connected: false, awayMs: ALONE_AFTER_MS * 99, offline: 'keep' }), 'skip');
  t.end();
});
