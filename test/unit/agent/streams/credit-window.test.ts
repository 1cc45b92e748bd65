import t from 'tap';
import { CreditWindow } from '../../../../agent/streams/credit-window.ts';
import { STREAM_WINDOW_BYTES } from '../../../../protocol/version.ts';

const never = new AbortController().signal;
const isDone = async (promise: Promise<void>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);

t.test('CreditWindow: gives what is free at once, and the rest when credit comes', async (t) => {
  const window = new CreditWindow();
  await window.take(STREAM_WINDOW_BYTES, never);
  const next = window.take(100, never);

  t.notOk(await isDone(next));
  window.give(99);
  t.notOk(await isDone(next));
  window.give(1);
  t.ok(await isDone(next));
});

t.test('CreditWindow: never grows beyond what was agreed', async (t) => {
  const window = new CreditWindow();
  window.give(STREAM_WINDOW_BYTES * 10);
  await window.take(STREAM_WINDOW_BYTES, never);

  t.notOk(await isDone(window.take(1, never)));
});

t.test('CreditWindow: nobody waits for a reader that is gone', async (t) => {
  const window = new CreditWindow();
  const gone = new AbortController();
  await window.take(STREAM_WINDOW_BYTES, gone.signal);
  const next = window.take(1, gone.signal);

  gone.abort();

  t.ok(await isDone(next));
});
