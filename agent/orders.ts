/**
 * What the coordinator orders, carried out. Secrets, credentials and assignments follow each other in the order in which
 * they came (an assignment needs the secrets sent before it) and each is on the disk before it is acknowledged. Nothing
 * here throws: what goes wrong is answered or becomes an event, and is logged.
 */
import type { Assignment } from '../fleet/assignment.ts';
import { LongshoreError, problem, type Problem } from '../fleet/errors.ts';
import type { AppName, Digest, HostId } from '../fleet/ids.ts';
import type { CoordinatorMessageOf } from '../protocol/agent-messages.ts';
import { CAPABILITIES } from '../protocol/version.ts';
import type { Log } from './log.ts';
import type { SealedStore } from './secrets/sealed-store.ts';
import type { Link, OrderMessage } from './session/connection.ts';
import type { StreamServer } from './streams/stream-server.ts';

/** What became of an assignment. */
export type AssignAnswer =
  /** On the disk; also where it had been before. */
  | { readonly kind: 'accepted' }
  /** Not newer than what is here, or of the same number with another content. */
  | { readonly kind: 'refused'; readonly problem: Problem };

export interface OrderParts {
  readonly host: HostId;
  /** Resolves when it is on the disk. */
  readonly assign: (assignment: Assignment, hash: string) => Promise<AssignAnswer>;
  readonly secrets: SealedStore;
  readonly streams: StreamServer;
  /** Logs it, too. */
  readonly onEvent: (event: string, app: AppName | null, text: string) => void;
  readonly log: Log;
  /** @throws IMAGE_NOT_FOUND, REGISTRY_* */
  readonly resolveDigest: (reference: string, signal: AbortSignal) => Promise<Digest>;
  /** The coordinator has it that this machine powers off. */
  readonly onPowerOffNoted: () => void;
  /** New secrets are there: who waited for them looks again. */
  readonly wake: () => void;
}

export class Orders {
  readonly #parts: OrderParts;
  #work: Promise<void> = Promise.resolve();
  /** Code of the last refusal that was logged; null = the last assignment was taken. */
  #refusedFor: string | null = null;

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  onMessage(link: Link, message: OrderMessage): void {
    switch (message.kind) {
      case 'assignment':
        this.#inTurn('assignment', () => this.#assign(link, message));
        return;
      case 'secrets':
        this.#inTurn('secrets', () => this.#keepSecrets(message));
        return;
      case 'registry-credential':
        this.#inTurn('registry-credential', () => this.#parts.secrets.setRegistry(message.registry, message.sealed));
        return;
      case 'power-off-noted':
        this.#parts.onPowerOffNoted();
        return;
      case 'resolve':
        void this.#resolve(link, message);
        return;
      case 'stream-open':
      case 'exec-open':
      case 'stream-data':
      case 'stream-resize':
      case 'stream-credit':
      case 'stream-close':
        this.#parts.streams.onMessage(link, message);
        return;
    }
  }

  /** Resolves when what was ordered so far is done. */
  settled(): Promise<void> {
    return this.#work;
  }

  #inTurn(kind: string, work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#parts.onEvent('order-failed', null, `${kind}: ${toProblem(error, kind).message}`);
    });
  }

  async #assign(link: Link, { assignment, hash }: CoordinatorMessageOf<'assignment'>): Promise<void> {
    const { epoch, generation } = assignment;
    const refuse = (found: Problem): void => {
      this.#logRefusal(found);
      link.send({ kind: 'assignment-refused', epoch, generation, problem: found });
    };
    const obstacle = assignmentObstacle(assignment, this.#parts.host);
    if (obstacle !== null) {
      refuse(obstacle);
      return;
    }
    try {
      const answer = await this.#parts.assign(assignment, hash);
      if (answer.kind === 'refused') {
        refuse(answer.problem);
        return;
      }
      if (this.#refusedFor !== null) this.#parts.log.info(`assignment ${epoch}/${generation} is taken`);
      this.#refusedFor = null;
      link.send({ kind: 'assignment-ack', epoch, generation, hash });
    } catch (error) {
      // A full disk, for example: not acknowledged, so that it comes again with the next hello.
      refuse(toProblem(error, `keep assignment ${epoch}/${generation}`));
    }
  }

  /** It comes again, with higher numbers or not, as long as the reason holds: one line says it. */
  #logRefusal({ code, message, hint }: Problem): void {
    if (this.#refusedFor === code) return;
    this.#refusedFor = code;
    this.#parts.log.warn(`the newest assignment is not taken: ${message}. ${hint}`, { code });
  }

  async #keepSecrets({ items }: CoordinatorMessageOf<'secrets'>): Promise<void> {
    const problems = await this.#parts.secrets.add(items);
    for (const found of problems) this.#parts.onEvent('secret-refused', null, found.message);
    this.#parts.wake();
  }

  async #resolve(link: Link, { request, reference }: CoordinatorMessageOf<'resolve'>): Promise<void> {
    try {
      const digest = await this.#parts.resolveDigest(reference, link.signal);
      link.send({ kind: 'resolved', request, digest, problem: null });
    } catch (error) {
      link.send({ kind: 'resolved', request, digest: null, problem: toProblem(error, `resolve ${reference}`) });
    }
  }
}

/** Pure: why this agent cannot take it at all; null = it can. */
export function assignmentObstacle(assignment: Assignment, host: HostId): Problem | null {
  const number = `assignment ${assignment.epoch}/${assignment.generation}`;
  if (assignment.host !== host)
    return problem('FRAME_INVALID', `take ${number}: it is for host ${assignment.host}, this is ${host}`);
  const known: readonly string[] = CAPABILITIES;
  const missing = assignment.entries.flatMap((entry) =>
    entry.kind === 'run'
      ? entry.requires.filter((name) => !known.includes(name)).map((name) => `${entry.app} requires ${name}`)
      : [],
  );
  return missing.length === 0 ? null : problem('CAPABILITY_MISSING', `take ${number}: ${missing.join(', ')}`);
}

function toProblem(error: unknown, operation: string): Problem {
  if (error instanceof LongshoreError) return error.problem;
  return problem('INTERNAL', `${operation}: ${error instanceof Error ? error.message : String(error)}`);
}
