import t from 'tap';
import { z } from 'zod';
import { OpenapiComponents } from '../../../../coordinator/http/openapi-components.ts';

t.test('OpenapiComponents: a schema with a name becomes a component, wherever it stands', (t) => {
  const components = new OpenapiComponents();
  const inner = z.object({ id: z.string() }).meta({ id: 'Inner' });

  t.same(components.schema(z.array(inner), 'output'), { type: 'array', items: { $ref: '#/components/schemas/Inner' } });
  t.same(components.schema(inner, 'output'), { $ref: '#/components/schemas/Inner' });
  t.same(components.schemas(), {
    Inner: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
  });
  t.end();
});

t.test('OpenapiComponents: only a strict object refuses new keys', (t) => {
  const components = new OpenapiComponents();

  t.equal(components.schema(z.strictObject({}), 'output').additionalProperties, false);
  t.notOk('additionalProperties' in components.schema(z.object({}), 'output'));
  t.end();
});

t.test('OpenapiComponents: refuses one name for two schemas', (t) => {
  const components = new OpenapiComponents();
  components.schema(z.array(z.object({ id: z.string() }).meta({ id: 'Same' })), 'output');

  t.throws(() => components.schema(z.array(z.object({ id: z.number() }).meta({ id: 'Same' })), 'output'), {
    message: 'two schemas of the API are named Same',
  });
  t.end();
});
