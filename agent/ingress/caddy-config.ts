/**
 * The whole configuration of Caddy from the route groups and the operator's options. It holds nothing that a
 * deployment changes: addresses come from the answerer, readiness from flag files; only host names, paths, ports
 * and TLS stand here. Pure; equal input gives equal text, and Caddy takes equal text for no change.
 */
import { groupBy } from '../../fleet/group-by.ts';
import type { Features } from './caddy-features.ts';
import { errorPages, groupHandlers, pageHandler, subroute, type JsonObject } from './caddy-proxy.ts';
import { UNKNOWN_PAGE } from './pages.ts';
import { HOST_READY_FLAG, IDENTITY_PATH, PROXY_PATHS, type ProxyOptions } from './proxy-options.ts';
import type { RouteGroup } from './route-groups.ts';

/** Name that the agent gives in `Host` to the admin socket; Caddy refuses others. */
export const ADMIN_ORIGIN = 'longshore';

/** Longer than the 600 s after which Google's balancers close an idle connection, so that they close first. */
const CLIENT_IDLE = '620s';
const SHORTEST_GRACE_MS = 10_000;

/** @param certificates names of the copies of own certificates */
export function caddyConfig(
  groups: readonly RouteGroup[],
  options: ProxyOptions,
  features: Features,
  certificates: readonly string[] = [],
): JsonObject {
  const { httpPort, httpsPort, healthListen } = options;
  const secure = groups.filter((group) => group.tls !== 'off');
  const servers: Record<string, JsonObject> = {};
  if (httpPort !== null) servers['http'] = httpServer(groups, options, features, httpPort);
  if (httpsPort !== null && (secure.length > 0 || options.ownCertificates)) {
    servers['https'] = httpsServer(groups, options, features, httpsPort);
  }
  if (healthListen !== null) servers['health'] = healthServer(healthListen);
  return {
    admin: {
      listen: `unix/${PROXY_PATHS.adminSocket}`,
      origins: [ADMIN_ORIGIN],
      // Caddy is started with the agent's file, never with one of its own.
      config: { persist: false },
    },
    logging: {
      logs: { default: { level: 'WARN', sampling: { interval: 1_000_000_000, first: 5, thereafter: 1_000 } } },
    },
    storage: { module: 'file_system', root: `${PROXY_PATHS.data}/caddy` },
    apps: {
      http: {
        ...(httpPort === null ? {} : { http_port: httpPort }),
        ...(httpsPort === null ? {} : { https_port: httpsPort }),
        grace_period: `${Math.max(SHORTEST_GRACE_MS, ...groups.map(({ graceMs }) => graceMs))}ms`,
        servers,
      },
      ...(httpsPort === null ? {} : { tls: tlsApp(secure, options, certificates), pki: pkiApp() }),
    },
  };
}

function httpServer(
  groups: readonly RouteGroup[],
  options: ProxyOptions,
  features: Features,
  port: number,
): JsonObject {
  const routes = hostRoutes(groups, (group) =>
    group.tls === 'off' || options.httpsPort === null
      ? groupHandlers(group, options, features)
      : [toHttps(options.httpsPort)],
  );
  return { ...server(options, port, routes), automatic_https: { disable: true } };
}

function httpsServer(
  groups: readonly RouteGroup[],
  options: ProxyOptions,
  features: Features,
  port: number,
): JsonObject {
  const routes = hostRoutes(groups, (group) => (group.tls === 'off' ? null : groupHandlers(group, options, features)));
  // Caddy would fetch a certificate for every host name in a route, also for one that only gets a 404.
  const plain = [...new Set(groups.filter(({ tls, host }) => tls === 'off' && host !== '*').map(({ host }) => host))];
  return {
    ...server(options, port, routes),
    protocols: ['h1', 'h2'],
    // Our own redirects know the public port and leave `/.longshore/ready` alone.
    automatic_https: { disable_redirects: true, ...(plain.length === 0 ? {} : { skip_certificates: plain }) },
    tls_connection_policies: [{}],
  };
}

function server(options: ProxyOptions, port: number, routes: readonly JsonObject[]): JsonObject {
  const addresses = options.bindAddresses.length === 0 ? [''] : options.bindAddresses;
  return {
    listen: addresses.map((address) => `${address.includes(':') ? `[${address}]` : address}:${port}`),
    idle_timeout: CLIENT_IDLE,
    read_header_timeout: '30s',
    routes: [
      identityRoute(options.identity),
      ...readyRoutes(),
      ...routes,
      { handle: [pageHandler(UNKNOWN_PAGE)], terminal: true },
    ],
    errors: errorPages(),
  };
}

function healthServer(listen: string): JsonObject {
  return {
    listen: [listen],
    automatic_https: { disable: true },
    routes: [
      { match: [{ path: ['/.longshore/alive'] }], handle: [text(200, 'alive')], terminal: true },
      ...readyRoutes(),
      { handle: [text(404, 'not found')], terminal: true },
    ],
  };
}

/**
 * A name belongs to the narrowest host that covers it, with all of its paths: what none of that host's groups takes is
 * a 404 and never falls through to a wider host, which may be another app's. `handlersOf` returns null for a group that
 * this server does not serve.
 */
function hostRoutes(
  groups: readonly RouteGroup[],
  handlersOf: (group: RouteGroup) => readonly JsonObject[] | null,
): readonly JsonObject[] {
  return [...groupBy(groups, ({ host }) => host)].flatMap(([host, ofHost]) => {
    const routes = ofHost.flatMap((group) => {
      const handlers = handlersOf(group);
      return handlers === null ? [] : [groupRoute(group, handlers)];
    });
    const takesAll = routes.length === ofHost.length && ofHost.some(({ path }) => path === '/');
    return takesAll || host === '*'
      ? routes
      : [...routes, { match: [{ host: [host] }], handle: [pageHandler(UNKNOWN_PAGE)], terminal: true }];
  });
}

function groupRoute(group: RouteGroup, handle: readonly JsonObject[]): JsonObject {
  const match = {
    ...(group.host === '*' ? {} : { host: [group.host] }),
    ...(group.path === '/' ? {} : { path: [group.path, `${group.path}/*`] }),
  };
  return { ...(Object.keys(match).length === 0 ? {} : { match: [match] }), handle, terminal: true };
}

function toHttps(port: number): JsonObject {
  const authority = port === 443 ? '{http.request.host}' : `{http.request.host}:${port}`;
  return {
    handler: 'static_response',
    status_code: 308,
    headers: { Location: [`https://${authority}{http.request.uri}`] },
  };
}

/** By this the agent tells its own ingress from another program on the port. */
function identityRoute(identity: string): JsonObject {
  return { match: [{ path: [IDENTITY_PATH] }], handle: [text(200, identity)], terminal: true };
}

/** A flag is a file that the agent makes and takes away: a drain needs no reload and holds while the agent is away. */
function readyRoutes(): readonly JsonObject[] {
  const flag = (file: string): JsonObject => ({ file: { root: PROXY_PATHS.ready, try_files: [file] } });
  const ready = text(200, 'ready');
  return [
    {
      match: [{ path: ['/.longshore/ready'], ...flag(`/${HOST_READY_FLAG}`) }],
      handle: [ready],
      terminal: true,
    },
    {
      match: [{ path_regexp: { name: 'app', pattern: '^/\\.longshore/ready/([a-z0-9][a-z0-9_-]{0,39})$' } }],
      handle: [
        {
          handler: 'subroute',
          routes: [
            { match: [flag('/{http.regexp.app.1}')], handle: [ready], terminal: true },
            { handle: [text(503, 'not ready')], terminal: true },
          ],
        },
      ],
      terminal: true,
    },
    {
      match: [{ path: ['/.longshore/ready', '/.longshore/ready/*'] }],
      handle: [subroute([text(503, 'not ready')])],
      terminal: true,
    },
  ];
}

function text(status: number, body: string): JsonObject {
  return {
    handler: 'static_response',
    status_code: status,
    headers: { 'Content-Type': ['text/plain; charset=utf-8'], 'Cache-Control': ['no-store'] },
    body: `${body}\n`,
  };
}

function tlsApp(groups: readonly RouteGroup[], options: ProxyOptions, certificates: readonly string[]): JsonObject {
  const files = certificates.map((name) => `${PROXY_PATHS.certificates}/${name}`);
  const hosts = (tls: RouteGroup['tls']): readonly string[] => [
    ...new Set(groups.filter((group) => group.tls === tls).map(({ host }) => host)),
  ];
  const acme = {
    module: 'acme',
    ...(options.acmeEmail === null ? {} : { email: options.acmeEmail }),
    ...(options.acmeDirectory === null ? {} : { ca: options.acmeDirectory }),
  };
  const policies = [
    ...(hosts('internal').length === 0 ? [] : [{ subjects: hosts('internal'), issuers: [{ module: 'internal' }] }]),
    ...(hosts('auto').length === 0 || (options.acmeEmail === null && options.acmeDirectory === null)
      ? []
      : [{ subjects: hosts('auto'), issuers: [acme] }]),
  ];
  return {
    ...(files.length === 0
      ? {}
      : { certificates: { load_files: files.map((file) => ({ certificate: file, key: file })) } }),
    ...(policies.length === 0 ? {} : { automation: { policies } }),
  };
}

/** Caddy must not write into the trust store of its container: nobody reads it there. */
function pkiApp(): JsonObject {
  return { certificate_authorities: { local: { install_trust: false } } };
}
