/**
 * Entry of the database's thread: the only place where SQLite is touched. It takes calls by message, commits them in
 * groups and answers. Bundled beside the coordinator as a file of its own.
 */
import { Kysely } from 'kysely';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { CallLoop } from './call-loop.ts';
import type { Call, Connection } from './group-commit.ts';
import { freeBytesAt, LibsqlDialect, openLibsql } from './libsql-database.ts';
import { migrate } from './migrate.ts';
import { isUseCase, OPERATIONS } from './operations.ts';
import type { Operation, UseCase } from './operations.ts';
import { sqliteConnection } from './sqlite-connection.ts';
import type { Tables } from './tables.ts';
import { toProblem } from './worker-messages.ts';
import type { WorkerReply, WorkerRequest } from './worker-messages.ts';

const LOCK_PATIENCE_MS = 50;

async function serve(port: MessagePort, file: string): Promise<void> {
  const reply = (message: WorkerReply): void => {
    port.postMessage(message);
  };
  const connection = await open(file, reply);
  if (connection === null) {
    port.close();
    return;
  }
  let closing = false;
  const loop = new CallLoop({
    connection,
    receive: () => {
      const request = closing ? null : receive(port);
      if (request?.kind === 'call') return toCall(request);
      closing ||= request !== null;
      if (request !== null) void close();
      return null;
    },
    onCommitted: (committed) => reply({ kind: 'answers', ...committed }),
    onObstacle: (text) => reply({ kind: 'obstacle', text }),
    freeBytes: () => freeBytesAt(file),
    clock: () => performance.now(),
    after: (ms, fire) => {
      const timer = setTimeout(fire, ms);
      return () => clearTimeout(timer);
    },
  });
  const close = async (): Promise<void> => {
    await loop.close();
    await connection.db.destroy();
    reply({ kind: 'closed' });
    port.close();
  };
  port.on('message', (request: WorkerRequest) => {
    if (request.kind === 'call') loop.add(toCall(request));
    else {
      closing = true;
      void close();
    }
  });
  reply({ kind: 'ready' });
}

async function open(file: string, reply: (message: WorkerReply) => void): Promise<Connection | null> {
  try {
    const database = openLibsql(file);
    const db = new Kysely<Tables>({ dialect: new LibsqlDialect({ database }) });
    await migrate(db, file);
    // From here on a lock is waited for in turns, between which reads go on.
    database.exec(`PRAGMA busy_timeout = ${LOCK_PATIENCE_MS}`);
    return sqliteConnection(database, db);
  } catch (error) {
    reply({ kind: 'refused', problem: toProblem(error, `open the database ${file}`) });
    return null;
  }
}

function receive(port: MessagePort): WorkerRequest | null {
  const received = receiveMessageOnPort(port) as { readonly message: WorkerRequest } | undefined;
  return received?.message ?? null;
}

function toCall(request: Extract<WorkerRequest, { kind: 'call' }>): Call {
  const { id, useCase, args } = request;
  if (!isUseCase(useCase)) throw new Error(`the store has no use case ${useCase}`);
  const operation = OPERATIONS[useCase] as Operation<UseCase>;
  // The proxy is typed by the same interface, so name and arguments belong together.
  const run = operation.run as (transaction: Parameters<typeof operation.run>[0], args: unknown) => Promise<unknown>;
  return { id, name: useCase, writes: operation.writes, run: (transaction) => run(transaction, args) };
}

const { file } = workerData as { readonly file: string };
if (parentPort === null) throw new Error('this file is the entry of a worker thread');
await serve(parentPort, file);
