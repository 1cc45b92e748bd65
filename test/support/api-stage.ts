/** A real HTTP server and console socket on loopback over given use cases; closed with the test. */
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { pino } from 'pino';
import type { Commands } from '../../coordinator/commands.ts';
import { attachConsole } from '../../coordinator/console/console-socket.ts';
import { AddressRate } from '../../coordinator/http/address-rate.ts';
import { AttemptLimit } from '../../coordinator/http/attempt-limit.ts';
import { clientAddress } from '../../coordinator/http/client-address.ts';
import type { HttpServerOptions } from '../../coordinator/http/server.ts';
import { createHttpServer } from '../../coordinator/http/server.ts';
import type { HttpServer } from '../../coordinator/http/server.ts';
import type { TlsPair } from '../../coordinator/http/tls-files.ts';
import type { WebFile } from '../../coordinator/http/web-files.ts';
import { RememberedRequests } from '../../coordinator/http/remembered-requests.ts';
import type { Installer } from '../../coordinator/install/installer.ts';
import { makeVault } from '../../coordinator/secrets/vault.ts';
import type { RequestStore } from '../../coordinator/store/store.ts';
import { inMemoryRequests } from './in-memory-requests.ts';
import { noInstaller } from './no-installer.ts';

export interface ApiStage {
  readonly url: string;
  readonly port: number;
  /** Open TCP connections, as the server counts them. */
  readonly connections: () => Promise<number>;
  /** A token was revoked. */
  readonly checkTokens: () => void;
  readonly sessions: () => number;
  readonly renewTls: HttpServer['renewTls'];
}

export interface ApiStageOptions {
  readonly commands: Commands;
  readonly notReady?: () => string | null;
  readonly onAnswered?: HttpServerOptions['onAnswered'];
  readonly metricsAccess?: 'token' | 'open';
  readonly webFiles?: ReadonlyMap<string, WebFile>;
  readonly installer?: Installer;
  readonly refusalsPerMinute?: number;
  readonly publicCallsPerMinute?: number;
  readonly requests?: RequestStore;
  readonly trustedProxies?: readonly string[];
  readonly tls?: TlsPair;
  readonly port?: number;
  /** How often a console socket is looked at. */
  readonly pingMs?: number;
}

export async function openApiStage(
  t: Pick<Test, 'teardown'>,
  options: ApiStageOptions,
): Promise<ApiStage & { close(): Promise<void> }> {
  const log = pino({ level: 'silent' });
  const attempts = new AttemptLimit({
    perMinute: options.refusalsPerMinute ?? 1_000,
    monotonicMs: () => performance.now(),
  });
  const addressOf = clientAddress(options.trustedProxies ?? []);
  const http = createHttpServer({
    commands: options.commands,
    version: '9.9.9',
    log,
    tls: options.tls ?? null,
    notReady: options.notReady ?? (() => null),
    renderMetrics: () => Promise.resolve({ type: 'text/plain', body: 'up 1\n' }),
    onAnswered: options.onAnswered ?? (() => undefined),
    metricsAccess: options.metricsAccess ?? 'token',
    webFiles: options.webFiles ?? new Map(),
    installer: options.installer ?? noInstaller(),
    attempts,
    requests: new RememberedRequests({
      store: options.requests ?? inMemoryRequests(),
      vault: makeVault(randomBytes(32), randomBytes),
      now: () => Date.now(),
    }),
    addressOf,
    publicCalls: new AddressRate({
      perMinute: options.publicCallsPerMinute ?? 1_000,
      monotonicMs: () => performance.now(),
    }),
  });
  const console = attachConsole({
    server: http.server,
    commands: options.commands,
    version: '9.9.9',
    wallMs: () => Date.now(),
    attempts,
    addressOf,
    log,
    ...(options.pingMs === undefined ? {} : { pingMs: options.pingMs }),
  });
  const port = await http.listen('127.0.0.1', options.port ?? 0);
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    console.close();
    await http.close();
  };
  t.teardown(close);
  const connections = promisify((done: (error: Error | null, count: number) => void) =>
    http.server.getConnections(done),
  );
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections,
    checkTokens: () => console.checkTokens(),
    sessions: () => console.sessions(),
    renewTls: (pair) => http.renewTls(pair),
    close,
  };
}
