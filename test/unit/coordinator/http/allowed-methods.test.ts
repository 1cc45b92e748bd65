import t from 'tap';
import { allowedMethods } from '../../../../coordinator/http/allowed-methods.ts';

t.test('allowedMethods: of routes with parameters, and of pages', (t) => {
  const of = allowedMethods(
    {
      list: { method: 'GET', path: '/v1/apps' },
      make: { method: 'POST', path: '/v1/apps' },
      remove: { method: 'DELETE', path: '/v1/apps/{app}' },
    },
    ['/'],
  );

  t.same(of('/v1/apps'), ['GET', 'HEAD', 'POST']);
  t.same(of('/v1/apps/shop'), ['DELETE']);
  t.same(of('/'), ['GET', 'HEAD']);
  t.same(of('/v1/apps/shop/x'), []);
  t.same(of('/v1xapps'), []);
  t.end();
});
