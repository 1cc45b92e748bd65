/**
 * A deployment that is `rolling_back`: the fast path. No canary, no monitor, images from the disk, and only hosts on
 * which this deployment had set a target. Silent hosts get their old target too and are not waited for.
 */
import type { HostStep, HostStepState } from '../../fleet/deployment.ts';
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { beginBack, hasMoved, leadsBack, leadsForward } from './begin-hosts.ts';
import { graceEndsAt, isUnreachable } from './host-fact.ts';
import type { HostFact } from './host-fact.ts';
import type { RolloutDraft } from './rollout-draft.ts';
import { isRemoved, stepAnswer } from './step-answer.ts';

/** Hosts that serve nothing good go first. */
const FIRST: readonly HostStepState[] = ['failed', 'moving', 'offline', 'passed'];

export function moveBack(draft: RolloutDraft): void {
  takeReturns(draft);
  for (;;) {
    const under = draft.steps().filter((step) => isAwaited(draft, step)).length;
    const limit = draft.policy.rollbackParallelism;
    const room = limit === 0 ? Number.POSITIVE_INFINITY : limit - under;
    const next = forwardSteps(draft).slice(0, Math.max(0, room));
    if (next.length === 0) {
      if (under === 0) finishBack(draft);
      return;
    }
    for (const step of next) beginBack(draft, step);
    // A silent one is not waited for, so it makes room for the next at once.
    takeReturns(draft);
  }
}

/** Also after the end: a host that comes back late is written down as returned. */
export function takeReturns(draft: RolloutDraft): void {
  for (const step of draft.steps()) {
    if (step.state !== 'returning') continue;
    const fact = draft.fact(step.host);
    if (fact === null) {
      draft.setStep({ ...step, state: 'returned' });
      continue;
    }
    const answer = returnAnswer(draft, step, fact);
    if (answer === null) continue;
    draft.setStep(answer);
    if (answer.state === 'failed' && answer.problem !== null) {
      draft.event('deployment.host-failed', `Going back failed on ${fact.name}: ${answer.problem.message}`, {
        host: step.host,
        cause: { kind: 'host', host: fact.name, detail: `attempt ${step.attempt}` },
      });
    }
  }
}

function returnAnswer(draft: RolloutDraft, step: HostStep, fact: HostFact): HostStep | null {
  const target = draft.target(step.host);
  if (target?.kind !== 'run') {
    const refusal = fact.refusal?.asked[draft.deployment.app]?.kind === 'remove' ? fact.refusal : null;
    if (refusal?.isSentAgain === false) return { ...step, state: 'failed', problem: refusal.problem };
    return fact.offlineSince === null && isRemoved(fact.report) ? { ...step, state: 'returned' } : null;
  }
  const answer = stepAnswer(step, fact, draft.deployment);
  if (answer.kind === 'passed') return { ...step, state: 'returned' };
  if (answer.kind === 'failed') return { ...step, state: 'failed', problem: answer.problem };
  return null;
}

function forwardSteps(draft: RolloutDraft): readonly HostStep[] {
  return draft
    .steps()
    .filter((step) => hasMoved(step) && leadsForward(draft, step.host) && draft.fact(step.host) !== null)
    .sort((a, b) => FIRST.indexOf(a.state) - FIRST.indexOf(b.state));
}

function isAwaited(draft: RolloutDraft, step: HostStep): boolean {
  if (step.state !== 'returning') return false;
  const fact = draft.fact(step.host);
  if (fact === null || isUnreachable(fact, draft.now)) return false;
  const ends = graceEndsAt(fact);
  if (ends !== null) draft.wake(ends);
  return true;
}

function finishBack(draft: RolloutDraft): void {
  const { app, base, problem: reason } = draft.deployment;
  const failed = draft.steps().filter((step) => step.state === 'failed' && leadsBack(draft, step));
  const [first] = failed;
  if (first !== undefined) {
    const text = `go back to release ${String(base)} of ${app} on ${draft.hostName(first.host)}: ${first.problem?.message ?? 'failed'}`;
    const problemOfReturn: Problem = problem(
      'DEPLOYMENT_FAILED',
      `${text}; it went back because: ${reason?.message ?? 'a person asked'}`,
    );
    draft.end('failed', problemOfReturn, `Going back failed: ${text}`);
    return;
  }
  const returned = draft.steps().filter((step) => step.state === 'returned').length;
  const waiting = draft.steps().filter((step) => step.state === 'returning').length;
  const hosts = `${returned} ${returned === 1 ? 'host' : 'hosts'}${waiting > 0 ? `, ${waiting} offline will follow` : ''}`;
  // Who cancelled with the wish to go back gets `cancelled`: it was a person's will, not a failed gate.
  if (reason?.code === 'DEPLOYMENT_CANCELLED')
    draft.end('cancelled', reason, `Cancelled; ${app} is back at release ${String(base)} on ${hosts}`);
  else
    draft.end('rolled_back', reason, `${app} is back at release ${String(base)} on ${hosts}: ${reason?.message ?? ''}`);
}
