import t from 'tap';
import { Periodic } from '../../../coordinator/periodic.ts';

t.test('Periodic: again after each turn, also a failed one, never two at once, until it is stopped', async (t) => {
  let running = 0;
  let turns = 0;
  const faults: unknown[] = [];
  let third: () => void = () => undefined;
  const isThird = new Promise<void>((resolve) => (third = resolve));
  const periodic = new Periodic({
    everyMs: 1,
    work: async () => {
      running += 1;
      turns += 1;
      t.equal(running, 1);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (turns === 3) third();
      if (turns === 1) throw new Error('the first fails');
    },
    onFault: (error) => faults.push(error),
  });

  periodic.start();
  await isThird;
  await periodic.stop();
  const ended = turns;
  await new Promise((resolve) => setTimeout(resolve, 20));

  t.equal(turns, ended);
  t.match(faults, [{ message: 'the first fails' }]);
});
