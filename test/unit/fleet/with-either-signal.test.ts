import { getEventListeners } from 'node:events';
import t from 'tap';
import { withEitherSignal } from '../../../fleet/with-either-signal.ts';

const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

t.test('either signal ends the work, with its reason', async (t) => {
  const [one, other] = [new AbortController(), new AbortController()];
  const first = withEitherSignal(one.signal, other.signal, untilAborted);
  one.abort('one');
  t.equal(await first, 'one');
  const fresh = new AbortController();
  const second = withEitherSignal(fresh.signal, other.signal, untilAborted);
  other.abort('other');
  t.equal(await second, 'other');
});

t.test('a signal that is aborted already counts', async (t) => {
  const fresh = new AbortController();
  t.equal(await withEitherSignal(AbortSignal.abort('before'), fresh.signal, untilAborted), 'before');
  t.equal(await withEitherSignal(fresh.signal, AbortSignal.abort('before'), untilAborted), 'before');
});

t.test('nothing stays on the signals, however the work ends', async (t) => {
  const [one, other] = [new AbortController(), new AbortController()];
  t.equal(await withEitherSignal(one.signal, other.signal, () => Promise.resolve(7)), 7);
  await t.rejects(
    withEitherSignal(one.signal, other.signal, () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  for (const { signal } of [one, other]) t.equal(getEventListeners(signal, 'abort').length, 0);
});
