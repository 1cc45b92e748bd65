/** A session of a real agent against a fake coordinator over a real socket, with a clock that the test moves. */
import { generateKeyPairSync } from 'node:crypto';
import type { Problem } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import { rawPublicKey, signText } from '../../agent/identity/identity.ts';
import type { Log } from '../../agent/log.ts';
import type { Link, OrderMessage } from '../../agent/session/connection.ts';
import { dialWebSocket } from '../../agent/session/frame-socket.ts';
import type { HelloFacts } from '../../agent/session/handshake.ts';
import { Session, type SessionDuties, type SessionState } from '../../agent/session/session.ts';
import { hostId } from './app-builders.ts';
import { ManualClock } from './manual-clock.ts';
import { aPolicy } from './host-policy.ts';

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const key = generateKeyPairSync('ed25519').privateKey;
/** What the fake coordinator verifies with. */
export const SESSION_PUBLIC_KEY = rawPublicKey(key);

export interface SessionStage {
  readonly session: Session;
  readonly clock: ManualClock;
  readonly links: Link[];
  readonly messages: OrderMessage[];
  readonly oddities: Problem[];
  readonly states: SessionState[];
  /** Resolves when a state of this kind has come since the last call. */
  state<K extends SessionState['kind']>(kind: K): Promise<Extract<SessionState, { kind: K }>>;
  /** Moves the clock to the end of the wait and no further: what follows is the network's time, not the clock's. */
  endWait(): Promise<void>;
  stop(): Promise<void>;
}

export interface SessionStageOptions {
  /** `ws://127.0.0.1:PORT` */
  readonly url: string;
  /** Dialled after it. */
  readonly others?: readonly string[];
  readonly process?: string;
  readonly host?: HostId;
  readonly random?: () => number;
  readonly facts?: () => HelloFacts;
  readonly duties?: Partial<SessionDuties>;
}

export const someHelloFacts = (fields: Partial<HelloFacts> = {}): HelloFacts => ({
  agentVersion: '0.0.0-test',
  platform: 'linux/amd64',
  engineVersion: '27.0.0',
  order: { epoch: 0, generation: 0, hash: '' },
  secrets: {},
  registries: [],
  labels: {},
  ingress: null,
  boot: null,
  policy: aPolicy(),
  ...fields,
});

export function runSession(options: SessionStageOptions): SessionStage {
  const clock = new ManualClock();
  const links: Link[] = [];
  const messages: OrderMessage[] = [];
  const oddities: Problem[] = [];
  const states: SessionState[] = [];
  const ending = new AbortController();
  let seen = 0;
  let wake: () => void = () => undefined;
  const session = new Session(
    {
      identity: {
        host: options.host ?? hostId(1),
        process: options.process ?? 'process-1',
        audiences: [options.url, ...(options.others ?? [])],
        sign: (text) => signText(key, text),
      },
      ca: undefined,
      userAgent: 'longshore-agent/test',
      dial: dialWebSocket,
      clock,
      random: options.random ?? (() => 0.5),
      log: silentLog,
      onState: (state) => {
        states.push(state);
        wake();
      },
    },
    {
      helloFacts: options.facts ?? (() => someHelloFacts()),
      onWelcome: (link) => void links.push(link),
      onMessage: (_link, message) => void messages.push(message),
      onOddity: (found) => void oddities.push(found),
      isInUse: () => false,
      ...options.duties,
    },
  );
  const running = session.run(ending.signal);
  return {
    session,
    clock,
    links,
    messages,
    oddities,
    states,
    async state(kind) {
      for (;;) {
        const index = states.findIndex((state, position) => position >= seen && state.kind === kind);
        if (index !== -1) {
          seen = index + 1;
          return states[index] as Extract<SessionState, { kind: typeof kind }>;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async endWait() {
      const { state } = session;
      if (state.kind !== 'waiting') throw new Error(`the session is ${state.kind}, not waiting`);
      await clock.advance(state.untilMs - clock.now().monotonicMs);
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}
