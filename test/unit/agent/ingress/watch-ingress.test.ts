import t from 'tap';
import { watchIngress } from '../../../../agent/ingress/watch-ingress.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

t.test('watchIngress: an engine that goes away during a look ends the watch, and not the agent', async (t) => {
  let engineGoes: (error: Error) => void = () => undefined;
  const watching = watchIngress(
    {
      untilStopped: () => new Promise((_resolve, reject) => (engineGoes = reject)),
      answers: async () => {
        engineGoes(new Error('the engine went away'));
        // Node looks for rejections that have no handler at the end of such a turn.
        await new Promise((resolve) => setImmediate(resolve));
        return true;
      },
      askItself: () => Promise.resolve(null),
      configure: () => Promise.resolve(),
      clock: new ManualClock(),
      watchMs: 1_000,
    },
    () => undefined,
    new AbortController().signal,
  );

  await t.rejects(watching, { message: 'the engine went away' });
});
