import t from 'tap';
import type { AnswerTable } from '../../../../agent/ingress/answer-table.ts';
import { SETTLE_MS, settleMs } from '../../../../agent/ingress/publish-wait.ts';

const table = (...addresses: readonly string[]): AnswerTable => ({
  states: new Map(),
  answers: new Map([['web', addresses]]),
});
const none: AnswerTable = { states: new Map(), answers: new Map() };

t.test('settleMs: taking an address away waits for the requests that are about to dial it', (t) => {
  t.equal(settleMs(table('a'), table('b')), SETTLE_MS);
  t.equal(settleMs(table('a', 'b'), table('b')), SETTLE_MS);
  t.equal(settleMs(table('a'), none), SETTLE_MS, 'also with its whole group');
  t.end();
});

t.test('settleMs: adding one costs nothing', (t) => {
  t.equal(settleMs(none, table('a')), 0);
  t.equal(settleMs(table('a'), table('a', 'b')), 0);
  t.end();
});
