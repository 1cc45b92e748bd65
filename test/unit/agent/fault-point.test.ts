import t from 'tap';
import { faultPointOf } from '../../../agent/fault-point.ts';

function deaths(asked: string | undefined, names: readonly string[]): number[] {
  const died: number[] = [];
  let at = 0;
  const point = faultPointOf(asked, () => void died.push(at));
  for (const name of names) {
    at += 1;
    point(name);
  }
  return died;
}

t.test('faultPointOf: the first time of the named point, or the asked one', (t) => {
  const names = ['before:create', 'after:create', 'before:create', 'after:create'];
  t.same(deaths(undefined, names), []);
  t.same(deaths('', names), []);
  t.same(deaths('after:create', names), [2]);
  t.same(deaths('before:create#2', names), [3]);
  t.same(deaths('after:start', names), []);
  t.end();
});
