/** Caddy's admin API over its unix socket: the three calls that we make. */
import { request } from 'node:http';
import { LongshoreError } from '../../fleet/errors.ts';
import { withTimeLimit } from '../with-time-limit.ts';
import { ADMIN_ORIGIN } from './caddy-config.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

export interface CaddyAdmin {
  /** True when Caddy answers and runs a configuration. */
  isReady(): Promise<boolean>;
  /** The configuration that it runs, as JSON; null where it does not answer. */
  config(): Promise<string | null>;
  /** Takes effect before it returns; an equal configuration changes nothing. Any answer is returned, also a refusal. */
  load(config: string): Promise<AdminAnswer>;
  /** Requests under way by `address:port`; null where Caddy does not answer. */
  requests(): Promise<ReadonlyMap<string, number> | null>;
}

const CALL_TIMEOUT_MS = 5_000;
/** Provisioning may ask a certificate authority's storage; a load is not hurried. */
const LOAD_TIMEOUT_MS = 30_000;

export function caddyAdmin(socketPath: string): CaddyAdmin {
  return {
    isReady: async () => {
      const answer = await call(socketPath, 'GET', '/config/apps/http', null, CALL_TIMEOUT_MS).catch(() => null);
      return answer?.status === 200;
    },
    config: async () => {
      const answer = await call(socketPath, 'GET', '/config/', null, CALL_TIMEOUT_MS).catch(() => null);
      return answer?.status === 200 ? answer.body : null;
    },
    load: (config) =>
      call(socketPath, 'POST', '/load', config, LOAD_TIMEOUT_MS).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new LongshoreError('INGRESS_UNAVAILABLE', `load the configuration of the ingress: ${reason}`, {
          cause: error,
        });
      }),
    requests: async () => {
      const answer = await call(socketPath, 'GET', '/reverse_proxy/upstreams', null, CALL_TIMEOUT_MS).catch(() => null);
      return answer?.status === 200 ? parseRequests(answer.body) : null;
    },
  };
}

export function parseRequests(body: string): ReadonlyMap<string, number> | null {
  const counts = new Map<string, number>();
  try {
    const rows: unknown = JSON.parse(body);
    // Caddy says `null` while it has no upstream at all.
    for (const row of Array.isArray(rows) ? (rows as readonly unknown[]) : []) {
      if (typeof row !== 'object' || row === null || !('address' in row) || !('num_requests' in row)) return null;
      const { address, num_requests: requests } = row;
      if (typeof address !== 'string' || typeof requests !== 'number') return null;
      counts.set(address, Math.max(requests, counts.get(address) ?? 0));
    }
    return counts;
  } catch {
    return null;
  }
}

function call(
  socketPath: string,
  method: string,
  path: string,
  body: string | null,
  timeoutMs: number,
): Promise<AdminAnswer> {
  return withTimeLimit(new AbortController().signal, timeoutMs, (signal) =>
    send(socketPath, method, path, body, signal),
  );
}

function send(
  socketPath: string,
  method: string,
  path: string,
  body: string | null,
  signal: AbortSignal,
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        signal,
        headers: { host: ADMIN_ORIGIN, ...(body === null ? {} : { 'content-type': 'application/json' }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    sent.on('error', reject);
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    sent.on('close', () => reject(new Error('the connection was closed without an answer')));
    sent.end(body ?? undefined);
  });
}
