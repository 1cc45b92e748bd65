/**
 * How long a call to the Docker Engine may be without its answer. Pure. An engine that hangs takes connections and says
 * nothing, and a call that waited for ever would leave the agent looking well: no answer within the limit is an engine
 * that is away. What is long by its nature has no limit: a download, and the wait for a container's end.
 */

/**
 * Far more than a busy engine needs, and less than an agent that is told to end is given; the slowest short one, the
 * removal of a large volume, is tried again.
 */
export const CALL_LIMIT_MS = 45_000;
/** The engine's own, where a stop does not say. */
const USUAL_GRACE_S = 10;

/**
 * @param path without the version: `/containers/c1/stop?`
 * @param query what was given beside the path
 * @returns null = none
 */
export function callLimitMs(path: string, query: unknown, limitMs: number): number | null {
  if (path.startsWith('/images/create')) return null;
  const verb = /^\/containers\/[^/]+\/(\w+)/.exec(path)?.[1];
  if (verb === 'wait') return null;
  return verb === 'stop' ? limitMs + graceMs(query) : limitMs;
}

function graceMs(query: unknown): number {
  const given = typeof query === 'object' && query !== null && 't' in query ? Number(query.t) : USUAL_GRACE_S;
  return Number.isFinite(given) && given >= 0 ? given * 1_000 : 0;
}
