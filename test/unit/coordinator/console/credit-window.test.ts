import t from 'tap';
import { CreditWindow } from '../../../../coordinator/console/credit-window.ts';

t.test('CreditWindow: the writer waits when the window is used up, and goes on with credit', async (t) => {
  const window = new CreditWindow(10, new AbortController().signal);
  const order: string[] = [];

  await window.take(10);
  const second = window.take(5).then(() => order.push('second'));
  order.push('waiting');
  window.give(10);
  await second;

  t.same(order, ['waiting', 'second']);
});

t.test('CreditWindow: a chunk larger than the window passes while there is room', async (t) => {
  const window = new CreditWindow(1, new AbortController().signal);
  await window.take(1_000);
  t.pass('did not wait for ever');
});

t.test('CreditWindow: abort ends the wait', async (t) => {
  const abort = new AbortController();
  const window = new CreditWindow(1, abort.signal);
  await window.take(1);
  const waiting = window.take(1);
  abort.abort();
  await t.rejects(waiting);
});
