/**
 * The agent's standing wish to be connected: dials, and dials again after every end with the wait of `reconnectPlan`.
 * Its state is one of three, readable at any time; it ends only by its signal.
 *
 *   connecting -> connected -> waiting -> connecting ...        (connecting -> waiting where it failed)
 */
import { problem, type Problem } from '../../fleet/errors.ts';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import type { Log } from '../log.ts';
import { runConnection, type ConnectionDuties, type ConnectionOptions, type Link } from './connection.ts';
import { isRemoval, reconnectPlan, type ConnectionEnd } from './reconnect.ts';

export type SessionState =
  | { readonly kind: 'connecting'; readonly sinceMs: number }
  | {
      readonly kind: 'connected';
      readonly sinceMs: number;
      readonly session: string;
      readonly heartbeatMs: number;
      readonly name: string;
    }
  /** `problem` null: the agent itself dropped the last connection. */
  | { readonly kind: 'waiting'; readonly sinceMs: number; readonly untilMs: number; readonly problem: Problem | null };

export interface SessionOptions extends ConnectionOptions {
  readonly log: Log;
  readonly onState: (state: SessionState) => void;
}

export type SessionDuties = Omit<ConnectionDuties, 'onAlive'>;

export class Session {
  readonly #options: SessionOptions;
  readonly #duties: SessionDuties;
  #state: SessionState;
  #heardAtMs: number | null = null;

  constructor(options: SessionOptions, duties: SessionDuties) {
    this.#options = options;
    this.#duties = duties;
    this.#state = { kind: 'connecting', sinceMs: options.clock.now().monotonicMs };
  }

  /** Times in it are monotonic. */
  get state(): SessionState {
    return this.#state;
  }

  /** Monotonic; null = the coordinator has not been heard since the start. */
  get heardAtMs(): number | null {
    return this.#heardAtMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, identity } = this.#options;
    let failures = 0;
    let lastMessage = '';
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      this.#enter({ kind: 'connecting', sinceMs: this.#nowMs() });
      const welcomed: { atMs: number | null } = { atMs: null };
      const duties: ConnectionDuties = {
        ...this.#duties,
        onAlive: () => (this.#heardAtMs = this.#nowMs()),
        onWelcome: (link: Link, welcome: CoordinatorMessageOf<'welcome'>) => {
          const sinceMs = this.#nowMs();
          welcomed.atMs = sinceMs;
          lastMessage = '';
          log.info(`connected to ${identity.audience}`, { name: welcome.name, session: welcome.session });
          this.#enter({
            kind: 'connected',
            sinceMs,
            session: welcome.session,
            heartbeatMs: welcome.heartbeatMs,
            name: welcome.name,
          });
          this.#duties.onWelcome(link, welcome);
        },
      };
      const end = await runConnection(this.#options, duties, signal);
      if (isOver()) return;
      const plan = reconnectPlan(
        end,
        welcomed.atMs === null ? null : this.#nowMs() - welcomed.atMs,
        failures,
        random(),
      );
      failures = plan.failures;
      lastMessage = this.#logEnd(end, plan.waitMs, lastMessage);
      const sinceMs = this.#nowMs();
      this.#enter({ kind: 'waiting', sinceMs, untilMs: sinceMs + plan.waitMs, problem: problemOf(end) });
      await clock.sleep(plan.waitMs, signal);
    }
  }

  /** A coordinator that is away for a day is one line of the log, not a thousand. */
  #logEnd(end: ConnectionEnd, waitMs: number, lastMessage: string): string {
    const { log } = this.#options;
    const found = problemOf(end);
    if (found === null) {
      log.debug('connection dropped after its time');
      return '';
    }
    if (found.message === lastMessage) log.debug(found.message, { code: found.code, waitMs });
    else log.warn(found.message, { code: found.code, hint: found.hint, waitMs });
    return found.message;
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #nowMs(): number {
    return this.#options.clock.now().monotonicMs;
  }
}

function problemOf(end: ConnectionEnd): Problem | null {
  if (isRemoval(end)) return problem('HOST_REMOVED', 'stay connected: an operator removed this host');
  return end.kind === 'lost' || end.kind === 'refused' ? end.problem : null;
}
