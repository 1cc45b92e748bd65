import t from 'tap';
import { z } from 'zod';
import { parseInput } from '../../../../coordinator/http/parse-input.ts';

const schema = z.strictObject({ name: z.string(), ports: z.array(z.number()) });

t.test('parseInput: gives the typed value', (t) => {
  t.same(parseInput(schema, { name: 'a', ports: [1] }, 'body'), { name: 'a', ports: [1] });
  t.end();
});

t.test('parseInput: names every problem with its path, unknown keys too', (t) => {
  t.throws(() => parseInput(schema, { name: 1, ports: [1, 'x'], colour: 'red' }, 'body'), {
    code: 'INPUT_INVALID',
    problem: { details: [{ path: 'name' }, { path: 'ports[1]' }, { message: 'has keys that are not known: colour' }] },
  });
  t.end();
});

t.test('parseInput: of unknown keys it says some, cut', (t) => {
  const keys = ['x'.repeat(5_000), ...Array.from({ length: 40 }, (_, index) => `key-${index}`)];
  const input = { name: 'a', ports: [], ...Object.fromEntries(keys.map((key) => [key, 1])) };

  t.throws(() => parseInput(schema, input, 'body'), {
    code: 'INPUT_INVALID',
    problem: { details: [{ message: /^has keys that are not known: .{64}, key-0, .*key-18 and 21 more$/ }] },
  });
  t.end();
});
