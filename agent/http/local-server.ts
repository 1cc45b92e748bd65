/** The agent's local HTTP: Node's own server, no framework, read-only. */
import http from 'node:http';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ListenAddress } from '../config.ts';
import { errnoOf } from '../durable-file.ts';
import type { AgentFacts } from '../facts.ts';
import { localAnswer } from './local-answer.ts';

export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws CONFIG_INVALID where the address cannot be had */
export async function listenLocally(
  address: ListenAddress,
  facts: () => AgentFacts,
  metrics: () => string,
): Promise<LocalServer> {
  const server = http.createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8_192 },
    (request, reply) => {
      const [path = '/'] = (request.url ?? '/').split('?');
      const answer = localAnswer({ method: request.method ?? '', path }, facts(), metrics);
      reply.writeHead(answer.status, {
        'content-type': answer.contentType,
        'content-length': Buffer.byteLength(answer.body),
        'cache-control': 'no-store',
      });
      reply.end(request.method === 'HEAD' ? undefined : answer.body);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const inUse = errnoOf(error) === 'EADDRINUSE';
      const hint = inUse
        ? 'Another program, perhaps another agent, has this address: set http_listen to another one, or to off.'
        : 'Set http_listen to an address of this machine, or to off.';
      reject(
        new LongshoreError(
          'CONFIG_INVALID',
          `listen on http_listen ${address.host}:${address.port}: ${error.message}`,
          { hint, cause: error },
        ),
      );
    });
    server.listen(address.port, address.host, resolve);
  });
  // A connection that cannot be taken (no file handles are left) is no reason to end the agent.
  server.on('error', () => undefined);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
