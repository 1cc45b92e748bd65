/**
 * The agent's standing wish to be connected: dials, and dials again after every end with the wait of `reconnectPlan`.
 * Its state is one of three, readable at any time; it ends only by its signal.
 *
 *   connecting -> connected -> waiting -> connecting ...        (connecting -> waiting where it failed)
 */
import { problem, type Problem } from '../../fleet/errors.ts';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import type { Log } from '../log.ts';
import type { SessionIdentity } from './handshake.ts';
import { HANDSHAKE_MS, runConnection, type ConnectionDuties, type ConnectionOptions, type Link } from './connection.ts';
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

export interface SessionOptions extends Omit<ConnectionOptions, 'identity' | 'handshakeMs'> {
  readonly identity: Omit<SessionIdentity, 'audience'> & {
    /** Addresses of the coordinator and of those that may take its place: dialled in turn. */
    readonly audiences: readonly string[];
  };
  readonly log: Log;
  readonly onState: (state: SessionState) => void;
}

/** A machine that is gone gives no answer; the next address is not kept waiting for it as long. */
const ONE_OF_SEVERAL_MS = 8_000;

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
    const { audiences } = identity;
    const others = audiences.length - 1;
    let failures = 0;
    let lastMessage = '';
    let turn = 0;
    // A coordinator that does not answer may have given its place to one of these: they are dialled without a wait.
    let untried = others;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      this.#enter({ kind: 'connecting', sinceMs: this.#nowMs() });
      const audience = audiences[turn % audiences.length] ?? '';
      const welcomed: { atMs: number | null } = { atMs: null };
      const duties: ConnectionDuties = {
        ...this.#duties,
        onAlive: () => (this.#heardAtMs = this.#nowMs()),
        onWelcome: (link: Link, welcome: CoordinatorMessageOf<'welcome'>) => {
          const sinceMs = this.#nowMs();
          welcomed.atMs = sinceMs;
          lastMessage = '';
          log.info(`connected to ${audience}`, { name: welcome.name, session: welcome.session });
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
      const handshakeMs = others > 0 ? ONE_OF_SEVERAL_MS : HANDSHAKE_MS;
      const end = await runConnection(
        { ...this.#options, handshakeMs, identity: { ...identity, audience } },
        duties,
        signal,
      );
      if (isOver()) return;
      if (welcomed.atMs !== null) untried = others;
      else if (end.kind === 'lost') {
        turn += 1;
        if (untried > 0) {
          untried -= 1;
          log.debug(end.problem.message, { code: end.problem.code });
          continue;
        }
        untried = others;
      }
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
