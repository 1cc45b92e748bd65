import t from 'tap';
import { CreditWindow } from '../../../protocol/credit-window.ts';

const never = new AbortController().signal;
const answerOf = async (promise: Promise<boolean>): Promise<boolean | 'waits'> =>
  Promise.race([promise, new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')))]);

t.test('CreditWindow: gives what is free at once, and the rest when there is room for all of it', async (t) => {
  const window = new CreditWindow(never, 1_000);
  t.equal(await window.take(1_000), true);
  const next = window.take(100);

  t.equal(await answerOf(next), 'waits');
  window.give(99);
  t.equal(await answerOf(next), 'waits');
  window.give(1);
  t.equal(await answerOf(next), true);
});

t.test('CreditWindow: several that wait go in their order, so that none is passed over for ever', async (t) => {
  const window = new CreditWindow(never, 10);
  await window.take(10);
  const large = window.take(8);
  const small = window.take(1);
  window.give(5);
  t.equal(await answerOf(small), 'waits');
  window.give(3);
  t.equal(await answerOf(large), true);
  t.equal(await answerOf(small), 'waits');
  window.give(1);
  t.equal(await answerOf(small), true);
});

t.test('CreditWindow: never grows beyond what was agreed', async (t) => {
  const window = new CreditWindow(never, 10);
  window.give(1_000);
  await window.take(10);
  t.equal(await answerOf(window.take(1)), 'waits');
});

t.test('CreditWindow: what is larger than the window goes when all of it is free, and is paid back', async (t) => {
  const window = new CreditWindow(never, 10);
  t.equal(await window.take(25), true);
  window.give(10);
  window.give(10);
  t.equal(await answerOf(window.take(6)), 'waits');
  window.give(1);
  t.equal(await window.take(0), true);
});

t.test('CreditWindow: nobody waits for a reader that is gone', async (t) => {
  const gone = new AbortController();
  const window = new CreditWindow(gone.signal, 10);
  await window.take(10);
  const next = window.take(1);
  gone.abort();
  t.equal(await next, false);
  t.equal(await window.take(0), false);
});
