/**
 * What the silence of a host means for its step. Pure. A host that was not connected when its wave began says nothing
 * about the release: it is left out and catches up. One that fell silent afterwards may have been taken down by the
 * release (a firewall rule, no memory left, a kernel panic): it holds its wave until it answers, and has failed when
 * the time for its attempt is over.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import type { HostStep } from '../../fleet/deployment.ts';
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { RECONNECT } from '../../fleet/retry.ts';
import { graceEndsAt } from './host-fact.ts';
import type { HostFact } from './host-fact.ts';
import type { RolloutDraft } from './rollout-draft.ts';

/**
 * The longest that a healthy agent takes to come back: its largest wait between two tries, and its handshake. After a
 * coordinator was away for minutes, the time for the attempt may be over before the agent has tried again.
 */
export const RECONNECT_MOST_MS = RECONNECT.capMs + 30_000;

export type Silence =
  | { readonly kind: 'talks' }
  | { readonly kind: 'waited-for'; readonly until: number }
  /** Outside of the ratio. */
  | { readonly kind: 'left-out' }
  | { readonly kind: 'failed'; readonly problem: Problem };

export function silenceOf(draft: RolloutDraft, step: HostStep, fact: HostFact): Silence {
  const graceEnds = graceEndsAt(fact);
  if (fact.offlineSince === null || graceEnds === null) return { kind: 'talks' };
  const isLeftOut = hasEnded(draft.state) || (step.state !== 'passed' && fact.offlineSince <= step.changedAt);
  const until = isLeftOut
    ? graceEnds
    : Math.max(fact.offlineSince + RECONNECT_MOST_MS, step.changedAt + attemptMs(draft));
  if (draft.now < until) return { kind: 'waited-for', until };
  return isLeftOut ? { kind: 'left-out' } : { kind: 'failed', problem: fellSilent(draft, step, fact) };
}

/** Whether the step failed by silence alone: an answer that comes after all still counts. */
export function failedBySilence(step: HostStep): boolean {
  return step.state === 'failed' && step.problem?.code === 'HOST_OFFLINE';
}

/** How long an agent may take for one attempt: the longest of the services, after the old instances have stopped. */
function attemptMs(draft: RolloutDraft): number {
  const { release, base } = draft.facts.rollout;
  const services = Object.values(release.spec.services);
  const old = Object.values((base ?? release).spec.services);
  return (
    Math.max(0, ...services.map((service) => service.gate.progressDeadlineMs)) +
    old.reduce((sum, { stopGraceMs }) => sum + stopGraceMs, 0)
  );
}

function fellSilent(draft: RolloutDraft, step: HostStep, fact: HostFact): Problem {
  const { app, release } = draft.deployment;
  const when = step.state === 'passed' ? 'after it had passed' : 'before it answered';
  return problem('HOST_OFFLINE', `deploy ${app} release ${release}: host ${fact.name} lost its connection ${when}`, {
    hint: 'Look at the machine: the release may have taken it off the network. It is asked again when it is back.',
  });
}
