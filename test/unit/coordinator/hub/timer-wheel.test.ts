import t from 'tap';
import { TimerWheel } from '../../../../coordinator/hub/timer-wheel.ts';

t.test('TimerWheel: answers what is due, once, and never before its time', (t) => {
  const wheel = new TimerWheel<string>(0);
  wheel.set('a', 5_000);
  wheel.set('b', 5_400);
  t.same(wheel.tick(4_999), []);
  t.same(wheel.tick(5_000), ['a']);
  t.same(wheel.tick(5_500), []);
  t.same(wheel.tick(6_000), ['b']);
  t.same(wheel.tick(60_000), []);
  t.equal(wheel.size, 0);
  t.end();
});

t.test('TimerWheel: moving and deleting', (t) => {
  const wheel = new TimerWheel<string>(0);
  wheel.set('a', 2_000);
  wheel.set('a', 9_000);
  wheel.set('b', 2_000);
  wheel.delete('b');
  t.same(wheel.tick(5_000), []);
  t.same(wheel.tick(9_000), ['a']);
  t.end();
});

t.test('TimerWheel: what is already past is due at the next tick', (t) => {
  const wheel = new TimerWheel<string>(10_000);
  wheel.set('late', 3_000);
  t.same(wheel.tick(11_000), ['late']);
  t.end();
});

t.test('TimerWheel: a clock that jumps ahead answers everything it passed', (t) => {
  const wheel = new TimerWheel<string>(0);
  wheel.set('a', 3_000);
  wheel.set('b', 3_600_000);
  t.same([...wheel.tick(10_000_000)].sort(), ['a', 'b']);
  t.end();
});
