import t from 'tap';
import { RunningTime } from '../../../agent/clock.ts';

t.test('RunningTime: what a suspended process missed counts as one tick', (t) => {
  const running = new RunningTime(1_000);

  t.equal(running.at(6_000), 6_000);
  t.equal(running.at(366_000), 11_000, 'six minutes of SIGSTOP');
  t.equal(running.at(367_000), 12_000);
  t.end();
});

t.test('RunningTime: a busy process loses nothing', (t) => {
  const running = new RunningTime(0);

  t.equal(running.at(14_000), 14_000);
  t.equal(running.at(28_000), 28_000);
  t.end();
});
