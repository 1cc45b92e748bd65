import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { withTimeLimit } from '../../../agent/with-time-limit.ts';

const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

/** Collects all garbage, as it comes by itself at the worst of times. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

t.test('time limit: ends the work with a TimeoutError, also where garbage is collected meanwhile', async (t) => {
  const collect = collector();
  const { signal } = new AbortController();
  const collecting = setInterval(collect, 5);
  t.teardown(() => clearInterval(collecting));

  const reasons = await Promise.all(Array.from({ length: 10 }, () => withTimeLimit(signal, 60, untilAborted)));

  t.ok(reasons.every((reason) => reason instanceof DOMException && reason.name === 'TimeoutError'));
  t.equal(getEventListeners(signal, 'abort').length, 0);
});

t.test('time limit: the signal ends the work before its time', async (t) => {
  const caller = new AbortController();
  const work = withTimeLimit(caller.signal, 3_600_000, untilAborted);
  caller.abort('called off');

  t.equal(await work, 'called off');
  t.equal(await withTimeLimit(caller.signal, 3_600_000, untilAborted), 'called off');
});

t.test('time limit: what the work returns or throws is passed on, and nothing is left', async (t) => {
  const { signal } = new AbortController();

  t.equal(await withTimeLimit(signal, 3_600_000, () => Promise.resolve(7)), 7);
  await t.rejects(
    withTimeLimit(signal, 3_600_000, () => Promise.reject(new Error('failed'))),
    /failed/,
  );

  t.equal(getEventListeners(signal, 'abort').length, 0);
});
