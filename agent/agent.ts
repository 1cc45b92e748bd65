/**
 * The life of the agent from its start to its end, and its facts at any moment.
 *
 *   starting (Docker, state files) -> [systemd READY] -> enrolling -> running -> stopping
 *
 * READY comes before enrolment: a refused token needs a person, and systemd must neither kill nor
 * restart the agent while it waits for that.
 */
import type { Notifier } from '../daemon/notifier.ts';
import { runWatchdog } from '../daemon/watchdog.ts';
import type { Problem } from '../fleet/errors.ts';
import type { Clock } from './clock.ts';
import { EnrolledAgent, type EnrolledAgentParts } from './enrolled-agent.ts';
import { waitForEngine } from './engine-wait.ts';
import type { EngineDescription } from './engine/container-engine.ts';
import type { AgentFacts } from './facts.ts';
import type { Enrolled } from './identity/identity.ts';
import { collectWhenIdle, type IdleMemory } from './idle-memory.ts';
import type { Log } from './log.ts';
import type { Drained } from './power-off/power-off.ts';
import { runTogether } from './run-together.ts';
import { statusLine } from './status-line.ts';
import { watchdogHealth } from './systemd/watchdog-health.ts';

/** What the enrolled half gives back to the whole. */
export interface EnrolledWiring {
  readonly statusLine: () => string;
  readonly onChange: () => void;
  /** The reconciler has new reports. */
  readonly onReport: () => void;
}

export interface AgentParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly notifier: Notifier;
  readonly describeEngine: (signal: AbortSignal) => Promise<EngineDescription>;
  /** The stored identity, or a new one by the token. Null where the signal ended it. @throws a refusal */
  readonly enroll: (onStatus: (found: Problem) => void, signal: AbortSignal) => Promise<Enrolled | null>;
  readonly buildEnrolled: (
    enrolled: Enrolled,
    engine: EngineDescription,
    wiring: EnrolledWiring,
  ) => Promise<EnrolledAgentParts>;
  readonly memory: Pick<IdleMemory, 'heapBytes' | 'collect'>;
  /** For tests and whoever else waits for a moment of this life. */
  readonly onPhase?: (phase: AgentFacts['phase']) => void;
}

export class Agent {
  readonly #parts: AgentParts;
  /** Since when work can be expected. */
  #workingSinceMs: number;
  #phase: AgentFacts['phase'] = 'starting';
  #obstacle: Problem | null = null;
  readonly #ending = new AbortController();
  #enrolled: { readonly agent: EnrolledAgent; readonly parts: EnrolledAgentParts } | null = null;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#workingSinceMs = parts.clock.now().monotonicMs;
  }

  facts(): AgentFacts {
    const agent = this.#enrolled?.agent ?? null;
    const reconciler = this.#enrolled?.parts.reconciler ?? null;
    const nowMs = this.#parts.clock.now().monotonicMs;
    const session = agent?.sessionState ?? null;
    const isWorking = this.#phase === 'running' && reconciler !== null;
    const turnAtMs = reconciler?.lastTurnAtMs() ?? null;
    return {
      phase: this.#phase,
      obstacle: this.#obstacle,
      session,
      apps: reconciler?.reports() ?? {},
      order: reconciler?.currentOrder() ?? { epoch: 0, generation: 0 },
      work: isWorking
        ? watchdogHealth(
            { startedAtMs: this.#workingSinceMs, turnAtMs, session, heardAtMs: agent?.heardAtMs ?? null },
            nowMs,
          )
        : { healthy: true },
      converged: reconciler?.isConverged() ?? false,
      waiting: reconciler?.waiting() ?? null,
      problems: reconciler?.problems() ?? [],
      host: agent?.hostMetrics ?? null,
      openStreams: this.#enrolled?.parts.streams.openStreams ?? 0,
    };
  }

  /** Before the machine goes off. A host that is not enrolled yet serves nobody. */
  drain(timeoutMs: number): Promise<Drained> {
    const agent = this.#enrolled?.agent;
    if (agent === undefined) return Promise.resolve({ noted: false, left: 0 });
    this.#parts.log.info('the machine goes off: this host is not ready any more', { timeoutMs });
    return agent.drain(timeoutMs, this.#ending.signal);
  }

  /** Resolves after a clean end. @throws what the agent cannot go on with */
  async run(signal: AbortSignal): Promise<void> {
    const { notifier, clock, log } = this.#parts;
    const stopping = (): void => {
      this.#ending.abort();
      this.#enter('stopping');
    };
    signal.addEventListener('abort', stopping, { once: true });
    const living = new AbortController();
    const health = (): AgentFacts['work'] => this.facts().work;
    try {
      await runTogether(
        [
          async (ending) => {
            try {
              await this.#live(ending);
            } finally {
              living.abort();
            }
          },
          () => runWatchdog({ notifier, clock, log, health }, living.signal),
          () => collectWhenIdle({ ...this.#parts.memory, clock, isIdle: () => this.#isIdle() }, living.signal),
        ],
        signal,
      );
    } finally {
      signal.removeEventListener('abort', stopping);
      this.#enter('stopping');
      await notifier.flushed();
    }
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { clock, random, describeEngine, log, notifier } = this.#parts;
    const onObstacle = (found: Problem): void => this.#setObstacle(found);
    const engine = await waitForEngine({ describe: describeEngine, clock, random, onObstacle }, signal);
    if (engine === null) return;
    this.#setObstacle(null);
    log.info(`Docker Engine ${engine.version}`, {
      api: engine.apiVersion,
      platform: engine.platform,
      images: engine.imageStore,
    });
    this.#enter('enrolling');
    notifier.ready(this.#statusLine());
    const enrolled = await this.#parts.enroll(onObstacle, signal);
    if (enrolled === null) return;
    this.#setObstacle(null);

    const wiring: EnrolledWiring = {
      statusLine: () => this.#statusLine(),
      onChange: () => this.#tellStatus(),
      onReport: () => this.#enrolled?.agent.changed(),
    };
    const parts = await this.#parts.buildEnrolled(enrolled, engine, wiring);
    const agent = new EnrolledAgent(parts);
    this.#enrolled = { agent, parts };
    this.#workingSinceMs = this.#parts.clock.now().monotonicMs;
    this.#enter('running');
    await agent.run(signal);
  }

  #isIdle(): boolean {
    const { converged, openStreams } = this.facts();
    return converged && openStreams === 0;
  }

  #enter(phase: AgentFacts['phase']): void {
    if (this.#phase === phase || this.#phase === 'stopping') return;
    this.#phase = phase;
    if (phase === 'stopping') this.#parts.notifier.stopping(this.#statusLine());
    else this.#tellStatus();
    this.#parts.onPhase?.(phase);
  }

  /** Told to the log when it changes, because an obstacle may stand for days. */
  #setObstacle(found: Problem | null): void {
    if (found !== null && found.message !== this.#obstacle?.message) {
      this.#parts.log.warn(found.message, { code: found.code, hint: found.hint });
    }
    this.#obstacle = found;
    this.#tellStatus();
  }

  #tellStatus(): void {
    if (this.#phase !== 'stopping') this.#parts.notifier.status(this.#statusLine());
  }

  #statusLine(): string {
    return statusLine(this.facts());
  }
}
