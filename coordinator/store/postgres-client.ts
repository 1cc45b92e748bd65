/**
 * The only importer of `pg`: connections to PostgreSQL with our types, time limits and idea of TLS. Whole numbers of 64
 * bits come as numbers: what is kept in them (times, counts) is far below 2^53.
 */
import { checkServerIdentity, rootCertificates } from 'node:tls';
import type { ConnectionOptions, PeerCertificate } from 'node:tls';
import { Client, DatabaseError, Pool, types } from 'pg';
import type { ClientBase, ClientConfig } from 'pg';
import type { PostgresAddress, PostgresTls } from './postgres-address.ts';
import { ConnectionLost } from './postgres-errors.ts';

const CONNECT_MS = 10_000;
/** Of one statement: no use case has one that takes a second. */
const STATEMENT_MS = 30_000;
/** The server ends a statement first, where it can be reached. */
const ANSWER_MS = STATEMENT_MS + 5_000;
/** A server that nobody hears of any more is found out in half a minute, by both sides. */
const KEEP_ALIVE_MS = 10_000;
const INT8 = 20;

export interface PostgresAnswer {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: readonly unknown[];
}

export interface PostgresClient {
  query(text: string, values?: readonly unknown[]): Promise<PostgresAnswer>;
}

export interface LoneClient extends PostgresClient {
  /** Calls once, when the connection has ended without `end`. */
  onLost(listener: (error: Error) => void): void;
  end(): Promise<void>;
}

/** A connection of its own. Rejects with what the server or the network said. */
export async function connectPostgres(address: PostgresAddress, roots: readonly string[] | null): Promise<LoneClient> {
  const client = new Client(configOf(address, roots));
  let listener: ((error: Error) => void) | null = null;
  let lost: Error | null = null;
  let isEnding = false;
  const lose = (error: Error): void => {
    if (isEnding || lost !== null) return;
    lost = error;
    listener?.(error);
  };
  client.on('error', lose);
  client.on('end', () => lose(new Error('the server has ended the connection')));
  try {
    await client.connect();
  } catch (error) {
    isEnding = true;
    client.end().catch(() => undefined);
    throw asLost(error);
  }
  return {
    query: queryOver(client),
    onLost: (told) => {
      listener = told;
      if (lost !== null) told(lost);
    },
    end: async () => {
      isEnding = true;
      await client.end();
    },
  };
}

export interface ClientPool {
  /** Lends a connection; it is thrown away where `isBroken` says so of what `work` threw. */
  use<T>(work: (client: PostgresClient) => Promise<T>, isBroken: (error: unknown) => boolean): Promise<T>;
  end(): Promise<void>;
}

export function postgresPool(address: PostgresAddress, roots: readonly string[] | null, most: number): ClientPool {
  const pool = new Pool({ ...configOf(address, roots), max: most, idleTimeoutMillis: 60_000 });
  // An idle connection that ends is one less; the next use makes another.
  pool.on('error', () => undefined);
  // The pool listens to a connection only while it is idle. A server that stops says so in the same packet that makes a
  // connection ready, before anybody can have it; unheard, that would end the process.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return {
    use: async (work, isBroken) => {
      const client = await pool.connect().catch((error: unknown) => {
        throw asLost(error);
      });
      let broken = false;
      try {
        return await work({ query: queryOver(client) });
      } catch (error) {
        broken = isBroken(error);
        throw error;
      } finally {
        client.release(broken);
      }
    },
    end: () => pool.end(),
  };
}

function queryOver(client: ClientBase): PostgresClient['query'] {
  return async (text, values) => {
    try {
      return await client.query(text, values === undefined ? undefined : [...values]);
    } catch (error) {
      throw asLost(error);
    }
  };
}

/** What the server itself did not say is said of a connection that is gone. */
function asLost(error: unknown): unknown {
  if (error instanceof DatabaseError) return error;
  return new ConnectionLost(messageOf(error), { cause: error });
}

/** Node gathers the failures of all addresses of a name, without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function configOf(address: PostgresAddress, roots: readonly string[] | null): ClientConfig {
  const { host, port, database, user, password, tls } = address;
  return {
    host,
    port,
    database,
    user,
    // Without one it would look into files and variables that nobody spoke of.
    password: password ?? '',
    ssl: tls.kind === 'none' ? false : tlsOptions(host, tls, roots),
    application_name: 'longshore-coordinator',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types: {
      getTypeParser: (oid, format) => (Number(oid) === INT8 ? Number : types.getTypeParser(oid, format)) as never,
    },
  };
}

function tlsOptions(
  host: string,
  tls: Exclude<PostgresTls, { kind: 'none' }>,
  machineRoots: readonly string[] | null,
): ConnectionOptions {
  switch (tls.kind) {
    case 'encrypted':
      return { rejectUnauthorized: false };
    case 'root':
      return { ca: [...(tls.roots ?? machineRoots ?? rootCertificates)], checkServerIdentity: () => undefined };
    case 'host':
      return {
        ca: [...(tls.roots ?? machineRoots ?? rootCertificates)],
        checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      };
    case 'common-name':
      return {
        ca: [...tls.roots],
        checkServerIdentity: (_name, certificate) => checkCommonName(tls.names, certificate),
      };
  }
}

function checkCommonName(names: readonly string[], { subject }: PeerCertificate): Error | undefined {
  const said = String(subject.CN);
  if (names.includes(said)) return undefined;
  return new Error(`the certificate of the server is of ${said} and not of ${names.join(' or ')}`);
}
