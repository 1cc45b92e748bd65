/**
 * The store over SQLite: passes each use case to the thread of the database and gives back its answer, which comes
 * after the commit. The thread's end while it is needed is a fault that every waiting caller hears of.
 */
import { mkdirSync, chmodSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { LongshoreError } from '../../fleet/errors.ts';
import { OPERATIONS } from './operations.ts';
import type { UseCase, UseCases } from './operations.ts';
import type { StoredEvent } from './records.ts';
import type { Store } from './store.ts';
import { fromProblem } from './worker-messages.ts';
import type { WorkerReply, WorkerRequest } from './worker-messages.ts';

export interface SqliteStoreOptions {
  /** `coordinator.db` in the data directory, which is made 0700. */
  readonly file: string;
  /** Entry of the thread: `sqlite-worker.ts` from source, its bundle beside the coordinator's. */
  readonly workerUrl: URL;
  /** Calls with what can be said only of the thread as a whole: it ended by itself. Every later call is refused. */
  readonly onFault: (error: LongshoreError) => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LongshoreError) => void;
}

/** @throws STATE_FILE_INVALID where the file is damaged or of a newer version; it is left as it is */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const directory = path.dirname(options.file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const worker = startWorker(options.workerUrl, { file: options.file });
  const thread = new DatabaseThread(worker, options.onFault);
  await thread.ready;
  return storeOver(thread, options.file);
}

/** From source the thread needs a loader, which it does not take over from the one that starts it. */
function startWorker(url: URL, workerData: { readonly file: string }): Worker {
  if (!url.pathname.endsWith('.ts')) return new Worker(url, { workerData });
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(url.href)}); });`;
  return new Worker(entry, { eval: true, workerData });
}

function storeOver(thread: DatabaseThread, file: string): Store {
  const calls: Partial<Record<UseCase, (args?: unknown) => Promise<unknown>>> = {};
  for (const name of Object.keys(OPERATIONS) as UseCase[]) calls[name] = (args) => thread.call(name, args);
  return Object.assign(calls as unknown as UseCases, {
    onAppended: (listener: (events: readonly StoredEvent[]) => void) => {
      thread.onAppended(listener);
    },
    obstacle: () => thread.obstacle,
    standbys: () => Promise.resolve([]),
    databaseBytes: async () => (await bytesOf(file)) + (await bytesOf(`${file}-wal`)),
    close: () => thread.close(),
  });
}

const bytesOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

class DatabaseThread {
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners: ((events: readonly StoredEvent[]) => void)[] = [];
  readonly #exited: Promise<void>;
  #lastId = 0;
  #ended: LongshoreError | null = null;
  #obstacle: string | null = null;
  #closing = false;

  constructor(worker: Worker, onFault: (error: LongshoreError) => void) {
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (reply: WorkerReply) => {
        switch (reply.kind) {
          case 'ready':
            resolve();
            return;
          case 'refused':
            this.#ended = fromProblem(reply.problem);
            reject(this.#ended);
            return;
          case 'answers':
            this.#take(reply);
            return;
          case 'obstacle':
            this.#obstacle = reply.text;
            return;
          case 'closed':
            return;
        }
      });
      const fault = (error: LongshoreError): void => {
        if (this.#ended === null && !this.#closing) onFault(error);
        this.#ended ??= error;
        reject(this.#ended);
        for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
        this.#waiting.clear();
      };
      worker.on('error', (cause) =>
        fault(new LongshoreError('INTERNAL', `run the database's thread: ${cause.message}`, { cause })),
      );
      worker.on('exit', (code) =>
        fault(
          this.#closing
            ? stopping()
            : new LongshoreError('INTERNAL', `run the database's thread: it ended with code ${code}`),
        ),
      );
    });
  }

  get obstacle(): string | null {
    return this.#obstacle;
  }

  call(useCase: UseCase, args: unknown): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (this.#closing) return Promise.reject(stopping());
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ kind: 'call', id, useCase, args });
    });
  }

  onAppended(listener: (events: readonly StoredEvent[]) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    if (!this.#closing && this.#ended === null) {
      this.#closing = true;
      this.#send({ kind: 'close' });
    }
    await this.#exited;
  }

  #send(request: WorkerRequest): void {
    this.#worker.postMessage(request);
  }

  #take(reply: Extract<WorkerReply, { kind: 'answers' }>): void {
    for (const answer of reply.answers) {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.kind === 'done') waiting?.resolve(answer.value);
      else waiting?.reject(fromProblem(answer.problem));
    }
    if (reply.appended.length === 0) return;
    for (const listener of this.#listeners) listener(reply.appended);
  }
}

function stopping(): LongshoreError {
  return new LongshoreError('SHUTTING_DOWN', 'use the store: the coordinator is stopping');
}
