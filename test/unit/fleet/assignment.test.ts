import t from 'tap';
import { compareOrder } from '../../../fleet/assignment.ts';

t.test('compareOrder: a later epoch is newer whatever its generation', (t) => {
  t.ok(compareOrder({ epoch: 2, generation: 1 }, { epoch: 1, generation: 900 }) > 0);
  t.ok(compareOrder({ epoch: 1, generation: 3 }, { epoch: 1, generation: 4 }) < 0);
  t.equal(compareOrder({ epoch: 1, generation: 3 }, { epoch: 1, generation: 3 }), 0);
  t.end();
});
