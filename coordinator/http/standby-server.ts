/**
 * What a standby answers while another coordinator has the database: it lives, it is not ready, and whoever wants
 * anything else is to ask the other one. Agents and the command line go on to their next address.
 */
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { refuseUpgrade } from '../../daemon/refuse-upgrade.ts';
import { problem } from '../../fleet/errors.ts';
import { statusOf } from './error-response.ts';

export interface StandbyServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  readonly version: string;
  /** Who leads, as far as it is known. */
  readonly leader: () => string | null;
}

export interface StandbyServer {
  /** Resolves when the port is free again. */
  close(): Promise<void>;
}

const RETRY_SECONDS = 2;
export const LEADER_METRIC = 'longshore_coordinator_leader';
export const LEADER_HELP = 'Whether this coordinator leads (1) or is a standby (0)';

/** @throws what the listening socket says, as EADDRINUSE */
export async function listenAsStandby(options: StandbyServerOptions): Promise<StandbyServer> {
  const { listen, tls } = options;
  const answer = answerOf(options);
  const server = tls === null ? createHttpServer(answer) : createHttpsServer({ ...tls, minVersion: 'TLSv1.2' }, answer);
  server.on('upgrade', (_request, socket) => refuseUpgrade(socket, '503 Service Unavailable'));
  await started(server, listen);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerOf({ version, leader }: StandbyServerOptions): RequestListener {
  return (request, response) => {
    const send = (status: number, type: string, body: string): void => {
      if (status === 503) response.setHeader('retry-after', String(RETRY_SECONDS));
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const json = (status: number, body: unknown): void => send(status, 'application/json', JSON.stringify(body));
    const other = leader();
    const where = other === null ? 'another coordinator' : `the coordinator ${other}`;
    // Nothing of a body is read.
    request.resume();
    switch ((request.url ?? '').split('?')[0]) {
      case '/healthz':
        return json(200, { ok: true, version, standby: true });
      case '/readyz':
        return json(503, { ok: false, reason: `standby: ${where} leads` });
      case '/metrics':
        return send(
          200,
          'text/plain; version=0.0.4; charset=utf-8',
          `# HELP ${LEADER_METRIC} ${LEADER_HELP}\n# TYPE ${LEADER_METRIC} gauge\n${LEADER_METRIC} 0\n`,
        );
      default:
        return json(statusOf('STANDBY'), problem('STANDBY', `answer: this is a standby; ${where} leads`));
    }
  };
}

function started(server: Server, { host, port }: StandbyServerOptions['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
