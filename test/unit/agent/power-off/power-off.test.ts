import t from 'tap';
import { NOTICE_MS, PowerOff, type Drained, type PowerOffLink } from '../../../../agent/power-off/power-off.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;

/** An ingress whose requests the test counts, and a link that keeps what was sent. */
function stage(
  options: { readonly requests?: () => number | null; readonly ready?: boolean; readonly ingress?: boolean } = {},
) {
  const { requests = () => 0, ready = true, ingress = true } = options;
  const clock = new ManualClock();
  const said: string[] = [];
  const over = new AbortController();
  const link: PowerOffLink = { signal: over.signal, send: ({ kind }) => void said.push(kind) };
  const powerOff = new PowerOff({
    clock,
    ingress: ingress
      ? {
          stopBeingReady: () => {
            said.push('not ready');
            return Promise.resolve(ready);
          },
          requestsUnderWay: () => Promise.resolve(requests()),
        }
      : null,
  });
  let drained: Drained | null = null;
  const drain = (timeoutMs: number): void => {
    void powerOff.drain(timeoutMs, never).then((found) => (drained = found));
  };
  return { clock, said, link, over, powerOff, drain, result: () => drained };
}

t.test(
  'PowerOff: readiness fails first, then the coordinator hears it, and balancers get the time to notice',
  async (t) => {
    const { clock, said, link, powerOff, drain, result } = stage();
    powerOff.connected(link);
    drain(80_000);
    await clock.advance(0);
    t.same(said, ['not ready', 'power-off']);
    powerOff.noted();

    await clock.advance(NOTICE_MS - 1);
    t.equal(result(), null);
    await clock.advance(1);
    t.same(result(), { noted: true, left: 0 });
  },
);

t.test('PowerOff: requests that are under way end, or the time does', async (t) => {
  let under: number | null = 3;
  const ending = stage({ requests: () => under });
  ending.drain(80_000);
  await ending.clock.advance(40_000);
  t.equal(ending.result(), null);
  under = 0;
  await ending.clock.advance(200);
  t.same(ending.result(), { noted: false, left: 0 });

  under = 2;
  const late = stage({ requests: () => under });
  late.drain(25_000);
  await late.clock.advance(24_999);
  t.equal(late.result(), null);
  await late.clock.advance(1);
  t.same(late.result(), { noted: false, left: 2 });

  const silent = stage({ requests: () => null });
  silent.drain(25_000);
  await silent.clock.advance(25_000);
  t.same(silent.result(), { noted: false, left: null }, 'a proxy that cannot say gets the whole time');
});

t.test('PowerOff: a short time is half for the balancers and half for the requests', async (t) => {
  const { clock, drain, result } = stage();
  drain(10_000);
  await clock.advance(4_999);
  t.equal(result(), null);
  await clock.advance(1);
  t.same(result(), { noted: false, left: 0 });
});

t.test('PowerOff: without a coordinator, an ingress or anything ready nothing is waited for', async (t) => {
  for (const given of [stage({ ingress: false }), stage({ ready: false })]) {
    given.drain(80_000);
    await given.clock.advance(0);
    t.same(given.result(), { noted: false, left: 0 });
  }
});

t.test('PowerOff: a coordinator that does not answer holds nobody up for long', async (t) => {
  const { clock, link, powerOff, drain, result } = stage({ ingress: false });
  powerOff.connected(link);
  drain(80_000);
  await clock.advance(4_999);
  t.equal(result(), null);
  await clock.advance(1);
  t.same(result(), { noted: false, left: 0 });

  const gone = stage({ ingress: false });
  gone.powerOff.connected(gone.link);
  gone.over.abort();
  gone.drain(80_000);
  await gone.clock.advance(0);
  t.same(gone.result(), { noted: false, left: 0 });
});

t.test('PowerOff: a session that opens meanwhile is told; a second call waits for the first', async (t) => {
  const { clock, said, link, powerOff, drain, result } = stage();
  drain(80_000);
  await clock.advance(1_000);
  powerOff.connected(link);
  powerOff.noted();
  const second = powerOff.drain(1, never);
  await clock.advance(NOTICE_MS);

  t.same(said, ['not ready', 'power-off']);
  t.same(result(), { noted: true, left: 0 });
  t.same(await second, result());
});
