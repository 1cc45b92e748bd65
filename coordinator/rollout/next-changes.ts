/**
 * The decision over one deployment: from what is stored and what the hosts say to what is stored next. Pure and
 * level-triggered: the same call serves an agent's report, a timer, a person's wish and the first look after a restart,
 * and with nothing new it changes nothing. Every state that has not ended has a deadline.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import type { DeploymentState, HostStep } from '../../fleet/deployment.ts';
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { failRollout } from './fail-rollout.ts';
import type { HostFact } from './host-fact.ts';
import { moveBack, takeReturns } from './move-back.ts';
import { moveForward, takeAnswers } from './move-forward.ts';
import { expireOnce, isBeforeFirstWave, leaveOnce, takeOnceAnswer } from './once-step.ts';
import { RolloutDraft } from './rollout-draft.ts';
import type { RolloutChanges, RolloutFacts } from './rollout-draft.ts';
import { failedBySilence } from './silence.ts';
import { startRollout } from './start-rollout.ts';

export function nextChanges(facts: RolloutFacts): RolloutChanges {
  const draft = new RolloutDraft(facts);
  if (draft.state === 'queued') startRollout(draft);
  else if (isOverdue(draft)) expire(draft);
  step(draft);
  leaveOnce(draft);
  if (!hasEnded(draft.state) && draft.deployment.deadlineAt !== null) draft.wake(draft.deployment.deadlineAt);
  return draft.changes();
}

/** Hosts that answer after the end: their steps are brought up to date, and nothing else happens. */
export function lateAnswers(facts: RolloutFacts): RolloutChanges {
  const draft = new RolloutDraft(facts);
  takeReturns(draft);
  if (draft.state !== 'superseded') takeAnswers(draft);
  return draft.changes();
}

/** Whether the host may still change the step after the end. */
export function isOpenAfterEnd(step: HostStep): boolean {
  return ['moving', 'offline', 'returning'].includes(step.state) || failedBySilence(step);
}

/** Each state once; going back may begin and end in the same call as what led to it. */
function step(draft: RolloutDraft): void {
  if (draft.state === 'rolling') moveForward(draft, true);
  else if (draft.state === 'paused') {
    takeAnswers(draft);
    takeOnceAnswer(draft);
  }
  if (draft.state === 'rolling_back') moveBack(draft);
}

function isOverdue(draft: RolloutDraft): boolean {
  const { deadlineAt, state } = draft.deployment;
  return !hasEnded(state) && deadlineAt !== null && draft.now >= deadlineAt;
}

function expire(draft: RolloutDraft): void {
  switch (draft.state) {
    case 'rolling':
      expireRolling(draft);
      return;
    case 'rolling_back':
      expireBack(draft);
      return;
    case 'paused':
      expirePause(draft);
      return;
    case 'queued':
    case 'succeeded':
    case 'rolled_back':
    case 'failed':
    case 'cancelled':
    case 'superseded':
      return;
  }
}

/** An answer that came in time, or while the coordinator was away, counts before the deadline does. */
function expireRolling(draft: RolloutDraft): void {
  const { app, release } = draft.deployment;
  moveForward(draft, false);
  if (!isStill(draft, 'rolling')) return;
  if (isBeforeFirstWave(draft)) expireOnce(draft);
  else failRollout(draft, overdue(draft, `deploy ${app} release ${release}`));
}

function expireBack(draft: RolloutDraft): void {
  const { app, base } = draft.deployment;
  moveBack(draft);
  if (!isStill(draft, 'rolling_back')) return;
  const late = overdue(draft, `go back to release ${String(base)} of ${app}`);
  draft.end('failed', late, `Going back did not end in time: ${late.message}`);
}

function expirePause(draft: RolloutDraft): void {
  const { app, release, problem: before } = draft.deployment;
  const reason =
    before ?? problem('TIMEOUT', `deploy ${app} release ${release}: paused and not resumed before its deadline`);
  draft.end('failed', reason, `Deployment of ${app} release ${release} was paused and not resumed before its deadline`);
}

function isStill(draft: RolloutDraft, state: DeploymentState): boolean {
  return draft.state === state;
}

/** Also one that concerns others: what is asked of this app waits behind it. */
function refusedText(fact: HostFact | null): string | null {
  return fact?.refusal == null ? null : `its assignment was refused: ${fact.refusal.problem.message}`;
}

function overdue(draft: RolloutDraft, operation: string): Problem {
  const open = draft.steps().filter((step) => ['moving', 'offline', 'returning'].includes(step.state));
  const details = open.map(({ host, state }) => {
    const fact = draft.fact(host);
    const waiting = refusedText(fact) ?? fact?.report?.waiting ?? null;
    const isSilent = state === 'offline' || (fact !== null && fact.offlineSince !== null);
    const message = isSilent ? 'not connected' : (waiting ?? 'no answer yet');
    return { path: draft.hostName(host), message, line: null, column: null };
  });
  const [first, ...others] = details;
  const obstacle = first === undefined ? '' : `; ${first.path}: ${first.message}`;
  const hosts = `${open.length} ${open.length === 1 ? 'host' : 'hosts'} open`;
  return problem('TIMEOUT', `${operation}: not done by its deadline, ${hosts}${obstacle}`, {
    // One obstacle stands in the message already.
    details: others.length === 0 ? [] : details,
  });
}
