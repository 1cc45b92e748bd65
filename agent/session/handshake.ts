/**
 * The agent's side of challenge, hello, welcome, as pure decisions. The audience in the proof is the address that this
 * agent dialled, never the one that the other side claims: where the two differ nothing is signed.
 */
import { problem, type Problem } from '../../fleet/errors.ts';
import type { HostPolicy } from '../../fleet/host-policy.ts';
import type { HostId } from '../../fleet/ids.ts';
import { helloProof, type AgentMessageOf, type CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import { CAPABILITIES, PROTOCOL } from '../../protocol/version.ts';

/** What hello says besides the proof; read anew for each connection. */
export interface HelloFacts {
  readonly agentVersion: string;
  readonly platform: string;
  /** Empty where the engine has not answered yet. */
  readonly engineVersion: string;
  readonly order: { readonly epoch: number; readonly generation: number; readonly hash: string };
  /** `app/secret` -> version. */
  readonly secrets: Readonly<Record<string, number>>;
  /** Whose credential is held. */
  readonly registries: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ingress: { readonly http: number | null; readonly https: number | null } | null;
  /** Of the machine; null where it does not say. */
  readonly boot: string | null;
  readonly policy: HostPolicy;
}

/** What stays the same over all connections of this process. */
export interface SessionIdentity {
  readonly host: HostId;
  /** Random per process. */
  readonly process: string;
  /** `wss://host[:port]`. */
  readonly audience: string;
  readonly sign: (text: string) => string;
}

export type ChallengeAnswer =
  | { readonly kind: 'hello'; readonly hello: AgentMessageOf<'hello'> }
  | { readonly kind: 'wrong-audience'; readonly problem: Problem };

export function answerChallenge(
  challenge: CoordinatorMessageOf<'challenge'>,
  identity: SessionIdentity,
  facts: HelloFacts,
): ChallengeAnswer {
  const { audience, host, process } = identity;
  if (challenge.audience !== audience) {
    return {
      kind: 'wrong-audience',
      problem: problem(
        'AUDIENCE_MISMATCH',
        `connect to ${audience}: the coordinator there goes by ${challenge.audience.slice(0, 256)}`,
      ),
    };
  }
  const proof = helloProof({ audience, nonce: challenge.nonce, host, process });
  return {
    kind: 'hello',
    hello: {
      kind: 'hello',
      host,
      signature: identity.sign(proof),
      process,
      // Sent also where the challenge names no version in common: the coordinator can then say for whom it is too new.
      protocol: { ...PROTOCOL },
      capabilities: [...CAPABILITIES],
      agentVersion: facts.agentVersion,
      platform: facts.platform,
      engineVersion: facts.engineVersion,
      order: { ...facts.order },
      secrets: { ...facts.secrets },
      registries: [...facts.registries],
      labels: { ...facts.labels },
      ingress: facts.ingress === null ? null : { ...facts.ingress },
      ...(facts.boot === null ? {} : { boot: facts.boot }),
      policy: { ...facts.policy, guarded: { ...facts.policy.guarded } },
    },
  };
}

/** Null where this agent speaks the version that welcome chose. */
export function versionProblem(welcome: CoordinatorMessageOf<'welcome'>): Problem | null {
  if (welcome.protocol >= PROTOCOL.min && welcome.protocol <= PROTOCOL.max) return null;
  return problem(
    'PROTOCOL_VERSION',
    `connect: the coordinator ${welcome.coordinatorVersion} speaks protocol ${welcome.protocol}, this agent ${PROTOCOL.min} to ${PROTOCOL.max}`,
  );
}
