import t from 'tap';
import type { IngressApp } from '../../../../agent/ingress/ingress.ts';
import { routeGroups } from '../../../../agent/ingress/route-groups.ts';
import type { IngressRoute } from '../../../../fleet/app-spec.ts';
import type { AppName } from '../../../../fleet/ids.ts';

const route = (changes: Partial<IngressRoute>): IngressRoute => ({
  host: 'shop.test',
  path: '/',
  port: 80,
  tls: 'off',
  weight: 1,
  stripPrefix: false,
  ...changes,
});

const app = (name: string, routes: Readonly<Record<string, readonly IngressRoute[]>>, graceMs = 0): IngressApp => ({
  app: name as AppName,
  graceMs,
  services: Object.entries(routes).map(([service, of]) => ({ service, routes: of, addresses: [] })),
});

t.test('routeGroups: tries narrow hosts before wide ones, and long prefixes before short ones', (t) => {
  const groups = routeGroups([
    app('a', { web: [route({ host: '*' }), route({}), route({ path: '/api' }), route({ path: '/api/v2/' })] }),
    app('b', {
      web: [
        route({ host: 'blog.test' }),
        route({ host: '*', path: '/long' }),
        route({ host: '*.test' }),
        route({ host: '*.b.test' }),
      ],
    }),
  ]);

  t.same(
    groups.map(({ host, path }) => host + path),
    ['blog.test/', 'shop.test/api/v2', 'shop.test/api', 'shop.test/', '*.b.test/', '*.test/', '*/long', '*/'],
  );
  t.end();
});

t.test('routeGroups: services of one place share it, apart by container port', (t) => {
  const [group] = routeGroups([
    app('b', { web: [route({ weight: 9 })] }, 5_000),
    app('a', { web: [route({ weight: 1 })], late: [route({ port: 90 })] }, 9_000),
  ]);

  t.match(group, {
    graceMs: 9_000,
    sources: [
      {
        port: 80,
        members: [
          { service: 'a/web', weight: 1 },
          { service: 'b/web', weight: 9 },
        ],
      },
      { port: 90, members: [{ service: 'a/late', weight: 1 }] },
    ],
  });
  t.end();
});

t.test('routeGroups: names follow from the content, not from the order or the neighbours', (t) => {
  const alone = routeGroups([app('a', { web: [route({})] })]);
  const among = routeGroups([app('z', { web: [route({ path: '/z' })] }), app('a', { web: [route({})] })]);

  t.same(among[1], alone[0]);
  t.not(among[0]?.key, among[1]?.key);
  t.match(alone[0]?.sources[0]?.label, /^[0-9a-f]{16}$/);
  t.end();
});

t.test('routeGroups: a host has one kind of TLS, the strictest; `*` has none', (t) => {
  const groups = routeGroups([
    app('a', {
      web: [route({}), route({ path: '/in', tls: 'internal' }), route({ path: '/pub', tls: 'auto' })],
      any: [route({ host: '*', tls: 'auto' })],
    }),
  ]);

  t.same(
    groups.map(({ tls }) => tls),
    ['auto', 'auto', 'auto', 'off'],
  );
  t.end();
});

t.test('routeGroups: a prefix of nothing is not taken off', (t) => {
  const groups = routeGroups([
    app('a', { web: [route({ stripPrefix: true }), route({ path: '/a', stripPrefix: true })] }),
  ]);

  t.same(
    groups.map(({ path, stripPrefix }) => [path, stripPrefix]),
    [
      ['/a', true],
      ['/', false],
    ],
  );
  t.end();
});
