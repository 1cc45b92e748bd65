/**
 * Collects the plan of one app: what can be done now, and what is waited for. An action whose last try failed becomes a
 * wait until its retry is due; a failure that no retry can fix is kept for the attempt to decide on.
 */
import type { AppName } from '../../fleet/ids.ts';
import { type Action, objectOf } from './action.ts';
import type { AppContext } from './app-context.ts';
import type { ActionFailure, ProbeTarget } from './observation.ts';

export interface Wait {
  readonly app: AppName | null;
  /** One sentence for people. */
  readonly reason: string;
  /** Monotonic moment at which planning again may find more to do; null = an event will tell. */
  readonly wakeAtMs: number | null;
}

export class PlanBuilder {
  readonly #context: AppContext;
  readonly actions: Action[] = [];
  readonly waits: Wait[] = [];
  readonly probes: ProbeTarget[] = [];
  /** Moments at which planning again finds more to do, without anything being waited for by name. */
  readonly timers: number[] = [];
  /** Permanent failures of actions that are wanted now. */
  readonly refusals: ActionFailure[] = [];
  /** What is known of the engine is too old to decide by. */
  asksEngine = false;
  /** Earliest retry, monotonic; null = nothing failed. */
  nextRetryAtMs: number | null = null;

  constructor(context: AppContext) {
    this.#context = context;
  }

  want(action: Action): void {
    const failure = this.#context.facts.failures[objectOf(action)];
    if (failure === undefined) {
      this.actions.push(action);
      return;
    }
    if (!failure.retryable) this.refusals.push(failure);
    if (failure.retryAtMs <= this.#context.now.monotonicMs) {
      this.actions.push(action);
      return;
    }
    this.nextRetryAtMs = Math.min(this.nextRetryAtMs ?? failure.retryAtMs, failure.retryAtMs);
    this.wait(`${failure.problem.message} (try ${failure.count})`, failure.retryAtMs);
  }

  /** In place of another on the same object that the engine refuses for good; that one's pause holds, its refusal does not. */
  wantInstead(action: Action): void {
    const failure = this.#context.facts.failures[objectOf(action)];
    if (failure === undefined || failure.retryAtMs <= this.#context.now.monotonicMs) this.actions.push(action);
    else this.wait(`${failure.problem.message} (try ${failure.count})`, failure.retryAtMs);
  }

  /** Where nothing is to be done with its object yet; else the next turn wants it again. */
  wantIfFree(action: Action): void {
    if (!this.has(objectOf(action))) this.want(action);
  }

  askEngine(): void {
    this.asksEngine = true;
  }

  /** Something is to be done with this object already. */
  has(object: string): boolean {
    return this.actions.some((action) => objectOf(action) === object);
  }

  /** Takes back an action of this kind where something else is to be done with its object: it can wait for the next turn. */
  giveWay(kind: Action['kind']): void {
    const index = this.actions.findIndex((action) => action.kind === kind);
    const action = this.actions[index];
    if (action === undefined) return;
    const others = this.actions.filter((other) => objectOf(other) === objectOf(action));
    if (others.length > 1) this.actions.splice(index, 1);
  }

  wait(reason: string, wakeAtMs: number | null = null): void {
    this.waits.push({ app: this.#context.app, reason, wakeAtMs });
  }

  /** How far it is, before what is waited for. */
  headline(text: string): void {
    const [first, ...others] = this.waits.splice(0);
    const reason = first === undefined ? text : `${text}; ${first.reason}`;
    this.waits.push({ app: this.#context.app, reason, wakeAtMs: first?.wakeAtMs ?? null }, ...others);
  }

  wakeAt(monotonicMs: number): void {
    this.timers.push(monotonicMs);
  }

  probe(target: ProbeTarget): void {
    this.probes.push(target);
  }

  /** Takes over another plan; without its actions where they no longer make sense. */
  merge(other: PlanBuilder, withActions: boolean): void {
    this.probes.push(...other.probes);
    this.timers.push(...other.timers);
    this.asksEngine ||= other.asksEngine;
    if (!withActions) return;
    this.actions.push(...other.actions);
    this.waits.push(...other.waits);
    this.refusals.push(...other.refusals);
    if (other.nextRetryAtMs !== null)
      this.nextRetryAtMs = Math.min(this.nextRetryAtMs ?? other.nextRetryAtMs, other.nextRetryAtMs);
  }
}
