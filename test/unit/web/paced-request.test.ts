import t from 'tap';
import { PacedRequest } from '../../../web/paced-request.ts';

function stage() {
  const timers: { readonly work: () => void; readonly ms: number }[] = [];
  const ends: (() => void)[] = [];
  const clock = { now: 0, begun: 0 };
  const request = new PacedRequest({
    work: () => {
      clock.begun += 1;
      return new Promise((resolve) => ends.push(resolve));
    },
    settleMs: 300,
    pauseMs: 2_000,
    later: (work, ms) => timers.push({ work, ms }),
    now: () => clock.now,
  });
  /** Lets the timer that waits run, and says how long it was for. */
  const fire = (): number | null => {
    const timer = timers.shift();
    if (timer === undefined) return null;
    clock.now += timer.ms;
    timer.work();
    return timer.ms;
  };
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { request, clock, timers, fire, end };
}

t.test('paced request: many changes are one request, and one under way is waited for', async (t) => {
  const { request, clock, timers, fire, end } = stage();
  request.ask();
  request.ask();
  t.equal(timers.length, 1);
  t.equal(fire(), 300);
  request.ask();
  request.ask();
  t.equal(timers.length, 0, 'none is begun beside it');
  clock.now += 9_000;
  await end();

  t.equal(fire(), 2_000, 'the next one a pause after its end');
  t.equal(clock.begun, 2);
  await end();
  t.equal(fire(), null, 'nothing changed since');
  clock.now += 60_000;
  request.ask();
  t.equal(fire(), 300);
});
