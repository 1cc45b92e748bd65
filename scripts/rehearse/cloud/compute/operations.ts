/**
 * Operations of Compute Engine. Work that ends at once gives an operation that is done; booting and powering off go on
 * behind one that is asked for until then. An operation that a stand-in had running when it was killed is done after its
 * restart, when the work has been taken up again.
 */
import { notFound } from '../google-error.ts';
import { type JsonObject, textAt } from '../json.ts';
import type { Site } from '../site.ts';
import { lastPart, selfLink } from './compute-path.ts';

export interface OperationTarget {
  /** `projects/P/SCOPE` */
  readonly scope: string;
  readonly path: string;
  readonly id: string;
}

const root = 'compute/';

export class Operations {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  done(type: string, target: OperationTarget): JsonObject {
    return this.#write(type, target, { status: 'DONE', progress: 100, endTime: this.#time() });
  }

  /** The operation is done when the work is; a failure of the work is the operation's error. */
  run(type: string, target: OperationTarget, work: Promise<void>): JsonObject {
    const running = this.#write(type, target, { status: 'RUNNING', progress: 0 });
    const path = `${root}${target.scope}/operations/${textAt(running, 'name') ?? ''}`;
    void work.then(
      () => this.#end(path, {}),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        this.#site.say(`${type} of ${target.path} failed: ${message}`);
        this.#end(path, {
          error: { errors: [{ code: 'INTERNAL_ERROR', message }] },
          httpErrorStatusCode: 500,
          httpErrorMessage: 'INTERNAL SERVER ERROR',
        });
      },
    );
    return running;
  }

  get(path: string): JsonObject {
    const operation = this.#site.store.get(`${root}${path}`);
    if (operation === undefined) throw notFound(path);
    return operation;
  }

  /** Of a stand-in before this one. */
  endAll(): void {
    for (const { path, body } of this.#site.store.all(`${root}projects/`))
      if (path.includes('/operations/') && body['status'] !== 'DONE') this.#end(path, {});
  }

  #end(path: string, more: JsonObject): void {
    const operation = this.#site.store.get(path);
    if (operation === undefined) return;
    this.#site.store.put(path, { ...operation, status: 'DONE', progress: 100, endTime: this.#time(), ...more });
  }

  #write(type: string, target: OperationTarget, more: JsonObject): JsonObject {
    const id = this.#site.newId();
    const name = `operation-${id}`;
    const [, , kind = 'global', place] = target.scope.split('/');
    const operation: JsonObject = {
      kind: 'compute#operation',
      id,
      name,
      operationType: type,
      targetLink: selfLink(target.path),
      targetId: target.id,
      selfLink: selfLink(`${target.scope}/operations/${name}`),
      insertTime: this.#time(),
      startTime: this.#time(),
      ...(place === undefined ? {} : { [kind === 'zones' ? 'zone' : 'region']: selfLink(target.scope) }),
      ...more,
    };
    this.#site.store.put(`${root}${target.scope}/operations/${lastPart(name)}`, operation);
    return operation;
  }

  #time(): string {
    return this.#site.now().toISOString();
  }
}
