/** Finds a listener's port that another program holds. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { errnoOf } from '../durable-file.ts';

export interface Listener {
  /** Null: all addresses. */
  readonly address: string | null;
  readonly port: number;
}

/** @returns the first that is taken, for people; null where all are free or it cannot be told (no right to bind) */
export async function takenPort(listeners: readonly Listener[]): Promise<string | null> {
  for (const { address, port } of listeners) {
    const server = createServer();
    try {
      server.listen({ port, ...(address === null ? {} : { host: address }), exclusive: true });
      await once(server, 'listening');
      await new Promise<void>((done) => server.close(() => done()));
    } catch (error) {
      if (errnoOf(error) === 'EADDRINUSE') return `port ${port}${address === null ? '' : ` of ${address}`}`;
    }
  }
  return null;
}
