/**
 * The handlers of one route group, as Caddy reads them. The way of a request:
 *
 *   read the group's epoch, the newest file in its folder; with it the name to look up is new after each publication,
 *   so that Caddy asks the answerer then and only then, and otherwise goes by what it knows
 *   proxy by the answerer's addresses
 *     cannot dial                 -> maintenance page (also what `down` groups get, whose address cannot be dialled)
 *     no address (agent: held)    -> ask the hold listener; 200: proxy again, 503: page
 *       hold listener is away     -> proxy by the addresses last published, from /etc/hosts, which outlive the agent
 *     broke off after the dial    -> 502; never sent twice, the app may have acted on it
 *
 * Caddy 2.6 closes a request's body when a dial fails, so no later attempt can send it: therefore nothing here dials
 * an address that is not known to serve, and a request is held before its first dial. Pure.
 */
import type { Features } from './caddy-features.ts';
import { FALLBACK_ZONE, UPSTREAM_ZONE } from './dns-answer.ts';
import { GATEWAY_PAGE, MAINTENANCE_PAGE, type Page } from './pages.ts';
import { PROXY_PATHS, type ProxyOptions } from './proxy-options.ts';
import type { RouteGroup } from './route-groups.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An answer is believed for long: what changes is the name, and that within one request. */
const REFRESH_MS = 600_000;
/** Answers from the file need no haste: it changes only with the agent, and Go reads it at most every 5 s. */
const FALLBACK_REFRESH_MS = 1_000;
const DIAL_TIMEOUT_MS = 3_000;
/** Below the 2 s and 5 s after which common servers close an idle connection, so that none closes under a POST. */
const UPSTREAM_IDLE_MS = 1_500;
const EPOCH = '{http.regexp.epoch.1}';
const NOTHING = [{ method: ['NONE'] }];

export function groupHandlers(group: RouteGroup, options: ProxyOptions, features: Features): readonly JsonObject[] {
  const byAnswerer = proxy(group, options, features, `${EPOCH}.`, UPSTREAM_ZONE, REFRESH_MS);
  const byFile = proxy(group, options, features, '', FALLBACK_ZONE, FALLBACK_REFRESH_MS);
  const held = subroute([askHold(group.key, byAnswerer, byFile)], [onMessage('^dial unix', [byFile]), ...passOn()]);
  return [
    {
      handler: 'subroute',
      routes: [...readEpoch(group.key), { handle: [byAnswerer] }],
      errors: { routes: [onStatus('503', [held]), ...passOn()] },
    },
  ];
}

/** The name of the group's newest epoch file becomes a part of the name that is looked up. */
function readEpoch(key: string): readonly JsonObject[] {
  return [
    { match: [{ file: { root: `${PROXY_PATHS.epochs}/${key}`, try_files: ['/*'] } }] },
    { match: [{ vars_regexp: { '{http.matchers.file.relative}': { name: 'epoch', pattern: '^/([0-9a-z]+)$' } } }] },
  ];
}

/** What a whole server shows for the errors of its groups; once for all, for a page is long. */
export function errorPages(): JsonObject {
  const maintenance = pageHandler(MAINTENANCE_PAGE);
  return {
    routes: [
      onStatus('503', [maintenance]),
      onMessage('^dial ', [maintenance]),
      { handle: [pageHandler(GATEWAY_PAGE)] },
    ],
  };
}

export function pageHandler(page: Page): JsonObject {
  return {
    handler: 'static_response',
    status_code: page.status,
    headers: page.headers,
    body: page.body,
  };
}

export function subroute(handlers: readonly JsonObject[], errorRoutes: readonly JsonObject[] = []): JsonObject {
  const errors = errorRoutes.length === 0 ? {} : { errors: { routes: errorRoutes } };
  return { handler: 'subroute', routes: [{ handle: handlers }], ...errors };
}

function proxy(
  group: RouteGroup,
  options: ProxyOptions,
  features: Features,
  prefix: string,
  zone: string,
  refreshMs: number,
): JsonObject {
  const sources = group.sources.map((source) => ({
    source: 'a',
    // The dot at the end keeps Go from trying the host's search domains.
    name: `${prefix}${source.label}.${zone}.`,
    port: String(source.port),
    refresh: `${refreshMs}ms`,
    resolver: { addresses: [`udp/127.0.0.1:${options.dnsPort}`] },
    ...(features.has('ipVersions') ? { versions: { ipv4: true, ipv6: false } } : {}),
  }));
  const stripping = group.stripPrefix
    ? {
        rewrite: { strip_path_prefix: group.path },
        headers: { request: { set: { 'X-Forwarded-Prefix': [group.path] } } },
      }
    : {};
  return {
    handler: 'reverse_proxy',
    dynamic_upstreams: sources.length === 1 ? (sources[0] ?? {}) : { source: 'multi', sources },
    load_balancing: { selection_policy: { policy: 'round_robin' }, retries: 3, retry_match: NOTHING },
    transport: {
      protocol: 'http',
      dial_timeout: `${DIAL_TIMEOUT_MS}ms`,
      // The app's own compression and the client's wishes pass through untouched.
      compression: false,
      keep_alive: { idle_timeout: `${UPSTREAM_IDLE_MS}ms`, max_idle_conns_per_host: 512 },
    },
    ...(options.trustedProxies.length === 0 ? {} : { trusted_proxies: options.trustedProxies }),
    ...(features.has('streamCloseDelay') ? { stream_close_delay: `${group.graceMs}ms` } : {}),
    ...stripping,
  };
}

/** The request waits at the agent, not its body: the question goes as a GET without one. */
function askHold(key: string, again: JsonObject, unknown: JsonObject): JsonObject {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `unix/${PROXY_PATHS.holdSocket}` }],
    rewrite: { method: 'GET', uri: `/hold/${key}` },
    load_balancing: { retries: 0, retry_match: NOTHING },
    handle_response: [
      { match: { status_code: [200] }, routes: [{ handle: [again] }] },
      { match: { status_code: [503] }, routes: [{ handle: [fail('503', 'nothing serves this address now')] }] },
      { routes: [{ handle: [unknown] }] },
    ],
  };
}

/**
 * An error that no route of a subroute takes would count as answered, with nothing. Caddy 2.6 passes a status on, but
 * not a message, so what the message says must become a status here.
 */
function passOn(): readonly JsonObject[] {
  return [
    onMessage('^dial ', [fail('503', 'nothing could be connected to')]),
    { handle: [fail('{http.error.status_code}', 'passed on')] },
  ];
}

function fail(status: string, error: string): JsonObject {
  return { handler: 'error', status_code: status, error };
}

function onMessage(pattern: string, handle: readonly JsonObject[]): JsonObject {
  return { match: [{ vars_regexp: { '{http.error.message}': { pattern } } }], handle };
}

function onStatus(status: string, handle: readonly JsonObject[]): JsonObject {
  return { match: [{ vars: { '{http.error.status_code}': [status] } }], handle };
}
