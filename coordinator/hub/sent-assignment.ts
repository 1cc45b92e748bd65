/**
 * What one connection's agent was last sent, and what it has taken: so that a refusal says what exactly was refused.
 * An agent takes or refuses an assignment whole; what it had taken before it still has.
 */
import { compareOrder } from '../../fleet/assignment.ts';
import type { Assignment, AssignmentEntry, Order } from '../../fleet/assignment.ts';
import { ERRORS } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AssignmentRefusal, Asked } from '../ports.ts';

interface Sent {
  readonly order: Order;
  readonly entries: Readonly<Record<string, Asked>>;
}

export class SentAssignment {
  #sent: Sent | null = null;
  #taken: Sent['entries'] = {};
  #refusals = 0;

  /** Refusals since the agent last took one. */
  get refusals(): number {
    return this.#refusals;
  }

  sent(assignment: Assignment): void {
    this.#sent = { order: orderOf(assignment), entries: entriesOf(assignment) };
  }

  hasTaken(entry: AssignmentEntry): boolean {
    return isSame(askedOf(entry), this.#taken[entry.app]);
  }

  /** Some of its entries could not be sent with it. */
  leftOut(order: Order, entries: readonly AssignmentEntry[], reason: Problem): AssignmentRefusal {
    const asked = Object.fromEntries(entries.map((entry) => [entry.app, askedOf(entry)]));
    return { problem: reason, order: orderOf(order), asked, isSentAgain: false, isPartial: true };
  }

  taken(order: Order): void {
    if (this.#sent === null || compareOrder(this.#sent.order, order) !== 0) return;
    this.#taken = this.#sent.entries;
    this.#refusals = 0;
  }

  /** @returns null where another one has been sent since: its answer counts */
  refused(order: Order, reason: Problem): AssignmentRefusal | null {
    if (this.#sent === null || compareOrder(this.#sent.order, order) !== 0) return null;
    this.#refusals += 1;
    return { problem: reason, order: this.#sent.order, asked: this.#news(reason), isSentAgain: maySucceed(reason) };
  }

  /** Whose data is the right one is for people to say, and no answer to anything that was asked. */
  #news(reason: Problem): AssignmentRefusal['asked'] {
    if (this.#sent === null || reason.code === 'GENERATION_CONFLICT') return {};
    return Object.fromEntries(
      Object.entries(this.#sent.entries).filter(([app, asked]) => !isSame(asked, this.#taken[app])),
    );
  }
}

/** A full disk may have room later, whoever makes it: the agent itself prunes images. */
function maySucceed(reason: Problem): boolean {
  return reason.code === 'NO_SPACE' || ERRORS[reason.code].retryable;
}

const orderOf = ({ epoch, generation }: Order): Order => ({ epoch, generation });

function entriesOf({ entries }: Assignment): Sent['entries'] {
  return Object.fromEntries(entries.map((entry) => [entry.app, askedOf(entry)]));
}

function askedOf(entry: AssignmentEntry): Asked {
  if (entry.kind === 'remove') return { kind: 'remove' };
  return { kind: 'run', deployment: entry.deployment, attempt: entry.attempt };
}

function isSame(a: Asked, b: Asked | undefined): boolean {
  if (a.kind === 'remove' || b?.kind !== 'run') return a.kind === b?.kind;
  return a.deployment === b.deployment && a.attempt === b.attempt;
}
