import t from 'tap';
import { z } from 'zod';
import { parseLenient } from '../../../../agent/state/parse-lenient.ts';

const schema = z.strictObject({ name: z.string(), parts: z.array(z.strictObject({ size: z.number() })) });

t.test('parseLenient: keys of a newer agent are left out, at any depth', (t) => {
  const written = { name: 'a', fresh: 1, parts: [{ size: 1 }, { size: 2, colour: 'red', more: { x: 1 } }] };
  t.same(parseLenient(schema, written), { kind: 'value', value: { name: 'a', parts: [{ size: 1 }, { size: 2 }] } });
  t.same(written.parts[1], { size: 2, colour: 'red', more: { x: 1 } }, 'what was given stays as it was');
  t.end();
});

t.test('parseLenient: says where and why it refuses', (t) => {
  const found = parseLenient(schema, { name: 'a', fresh: 1, parts: [{ size: 'large' }] });
  t.match(found, { kind: 'refused', reason: /^parts\.0\.size / });
  t.match(parseLenient(schema, 'text'), { kind: 'refused', reason: /^it / });
  t.end();
});
