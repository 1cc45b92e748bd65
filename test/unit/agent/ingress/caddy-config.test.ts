import t from 'tap';
import { caddyConfig } from '../../../../agent/ingress/caddy-config.ts';
import { ALL_FEATURES } from '../../../../agent/ingress/caddy-features.ts';
import type { ProxyOptions } from '../../../../agent/ingress/proxy-options.ts';
import { routeGroups, type RouteGroup } from '../../../../agent/ingress/route-groups.ts';
import type { IngressRoute } from '../../../../fleet/app-spec.ts';
import type { AppName } from '../../../../fleet/ids.ts';

const options: ProxyOptions = {
  bindAddresses: [],
  httpPort: 80,
  httpsPort: 443,
  healthListen: null,
  acmeEmail: null,
  acmeDirectory: null,
  ownCertificates: false,
  trustedProxies: [],
  identity: 'ours',
  dnsPort: 5300,
};

const groupsOf = (...routes: readonly Partial<IngressRoute>[]): readonly RouteGroup[] =>
  routeGroups([
    {
      app: 'shop' as AppName,
      graceMs: 3_000,
      services: [
        {
          service: 'web',
          addresses: ['10.0.0.2', '10.0.0.3'],
          routes: routes.map((route) => ({
            host: 'shop.test',
            path: '/',
            port: 8080,
            tls: 'off' as const,
            weight: 1,
            stripPrefix: false,
            ...route,
          })),
        },
      ],
    },
  ]);

interface Config {
  readonly apps: {
    readonly http: {
      readonly servers: Readonly<
        Record<string, { readonly listen: readonly string[]; readonly routes: readonly unknown[] }>
      >;
      readonly grace_period: string;
    };
    readonly tls?: unknown;
  };
}

const config = (groups: readonly RouteGroup[], changes: Partial<ProxyOptions> = {}, features = ALL_FEATURES): Config =>
  caddyConfig(groups, { ...options, ...changes }, features) as unknown as Config;

const textOf = (value: unknown): string => JSON.stringify(value);

/** Which hosts and paths a server's routes take, in order, without those for readiness; 404 where it refuses. */
const placesOf = (routes: readonly unknown[]): readonly string[] =>
  (
    routes as readonly {
      readonly match?: readonly { readonly host?: readonly string[]; readonly path?: readonly string[] }[];
      readonly handle: readonly { readonly status_code?: number }[];
    }[]
  ).flatMap(({ match, handle }) => {
    const { host, path } = match?.[0] ?? {};
    if (host === undefined && path !== undefined) return [];
    const refuses = handle[0]?.status_code === 404 ? ' 404' : '';
    return [`${host?.[0] ?? '*'}${path?.[0] ?? '/'}${refuses}`];
  });

t.test('caddyConfig: a deployment changes nothing in it', (t) => {
  const text = textOf(config(groupsOf({})));

  t.notMatch(text, /10\.0\.0\./, 'no address of a container');
  t.equal(text, textOf(config(groupsOf({}))), 'equal input, equal text');
  t.end();
});

t.test('caddyConfig: asks the answerer for each port, with the dot that stops search domains', (t) => {
  const [group] = groupsOf({});
  const text = textOf(config(groupsOf({})));

  t.ok(text.includes(`"name":"{http.regexp.epoch.1}.${group?.sources[0]?.label ?? ''}.upstream.longshore.internal."`));
  t.ok(text.includes(`"root":"/longshore/shared/epochs/${group?.key ?? ''}","try_files":["/*"]`));
  t.ok(text.includes(`"name":"${group?.sources[0]?.label ?? ''}.fallback.longshore.internal."`));
  t.match(text, /"addresses":\["udp\/127\.0\.0\.1:5300"\]/);
  t.end();
});

t.test('caddyConfig: plain routes stand on the HTTP port only, secure ones redirect there', (t) => {
  const { http, https } = config(groupsOf({ host: 'plain.test' }, { tls: 'internal' })).apps.http.servers;

  t.same(http?.listen, [':80']);
  t.same(https?.listen, [':443']);
  t.match(textOf(http?.routes), /"Location":\["https:\/\/\{http\.request\.host\}\{http\.request\.uri\}"\]/);
  t.same(placesOf(https?.routes ?? []).slice(-3), ['plain.test/ 404', 'shop.test/', '*/ 404']);
  t.end();
});

t.test('caddyConfig: a host that any route names is never answered by a wider one', (t) => {
  const { http } = config(
    groupsOf({ host: '*' }, { host: '*.test', path: '/w' }, { path: '/api' }, { host: 'whole.test' }),
  ).apps.http.servers;

  t.same(placesOf(http?.routes.slice(4) ?? []), [
    'whole.test/',
    'shop.test/api',
    'shop.test/ 404',
    '*.test/w',
    '*.test/ 404',
    '*/',
    '*/ 404',
  ]);
  t.end();
});

t.test('caddyConfig: a wildcard does not serve a plain host over https, and no certificate is fetched for it', (t) => {
  const { https } = config(
    groupsOf({ host: 'plain.test', path: '/a' }, { host: '*.test', tls: 'internal' }, { host: '*' }),
  ).apps.http.servers;

  t.same(placesOf(https?.routes.slice(4) ?? []), ['plain.test/ 404', '*.test/', '*/ 404']);
  t.match(https, { automatic_https: { skip_certificates: ['plain.test'] } });
  t.end();
});

t.test('caddyConfig: a redirect names a port that is not the usual one', (t) => {
  t.match(textOf(config(groupsOf({ tls: 'auto' }), { httpsPort: 8443 })), /\{http\.request\.host\}:8443\{http/);
  t.end();
});

t.test('caddyConfig: without an HTTPS port all is served in plain', (t) => {
  const { apps } = config(groupsOf({ tls: 'auto' }), { httpsPort: null });

  t.same(Object.keys(apps.http.servers), ['http']);
  t.equal(apps.tls, undefined);
  t.match(textOf(apps.http.servers['http']), /upstream\.longshore\.internal/);
  t.end();
});

t.test('caddyConfig: who signs which names', (t) => {
  const groups = groupsOf({ host: 'in.test', tls: 'internal' }, { host: 'pub.test', tls: 'auto' });

  t.same(config(groups, { acmeEmail: 'ops@example.com', acmeDirectory: 'https://acme.test/dir' }).apps.tls, {
    automation: {
      policies: [
        { subjects: ['in.test'], issuers: [{ module: 'internal' }] },
        {
          subjects: ['pub.test'],
          issuers: [{ module: 'acme', email: 'ops@example.com', ca: 'https://acme.test/dir' }],
        },
      ],
    },
  });
  const own = caddyConfig(groupsOf({}), { ...options, ownCertificates: true }, ALL_FEATURES, ['a-1.pem']);
  const file = '/longshore/shared/certificates/a-1.pem';
  t.match(own, { apps: { tls: { certificates: { load_files: [{ certificate: file, key: file }] } } } });
  t.end();
});

t.test('caddyConfig: listens on the addresses that it was given, and for balancers where told', (t) => {
  const { servers } = config([], { bindAddresses: ['10.1.0.5', 'fd00::5'], healthListen: '0.0.0.0:8404' }).apps.http;

  t.same(servers['http']?.listen, ['10.1.0.5:80', '[fd00::5]:80']);
  t.same(servers['health']?.listen, ['0.0.0.0:8404']);
  t.equal(servers['https'], undefined, 'no TLS listener without a name');
  t.end();
});

t.test('caddyConfig: readiness comes first and an unknown address last', (t) => {
  const routes = config(groupsOf({ host: '*' })).apps.http.servers['http']?.routes ?? [];

  t.match(textOf(routes[0]), /"path":\["\/\.longshore\/host"\].*"body":"ours\\n"/);
  t.match(textOf(routes[1]), /\.longshore\/ready/);
  t.match(textOf(routes.at(-1)), /"status_code":404/);
  t.end();
});

t.test('caddyConfig: a prefix is taken off for the app, which is told of it', (t) => {
  const text = textOf(config(groupsOf({ path: '/api', stripPrefix: true })));

  t.match(text, /"path":\["\/api","\/api\/\*"\]/);
  t.match(text, /"rewrite":\{"strip_path_prefix":"\/api"\}/);
  t.match(text, /"X-Forwarded-Prefix":\["\/api"\]/);
  t.end();
});

t.test('caddyConfig: features of newer versions are used only where known', (t) => {
  t.match(textOf(config(groupsOf({}))), /"stream_close_delay":"3000ms"/);
  t.notMatch(textOf(config(groupsOf({}), {}, new Set())), /stream_close_delay|versions/);
  t.end();
});

t.test('caddyConfig: a reload waits as long as the most patient app asks', (t) => {
  const [group] = groupsOf({});

  t.equal(config(groupsOf({})).apps.http.grace_period, '10000ms');
  t.equal(config(group === undefined ? [] : [{ ...group, graceMs: 90_000 }]).apps.http.grace_period, '90000ms');
  t.end();
});
