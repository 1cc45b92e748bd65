/**
 * A deployment that is `rolling`: take the hosts' answers, judge them, and start waves. It goes as far as it can in
 * one call (with `monitor` 0 an answer ends a wave and starts the next at once), and never starts a wave before every
 * reachable host of the one before has passed. A wave of which nobody answered is filled again from the later ones.
 */
import { hasEnded } from '../../fleet/deployment.ts';
import type { HostStep } from '../../fleet/deployment.ts';
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import { beginForward, hasMoved } from './begin-hosts.ts';
import { condemnFailed, failRollout } from './fail-rollout.ts';
import { sickness } from './host-fact.ts';
import type { HostFact } from './host-fact.ts';
import { beginOnce, isBeforeFirstWave, takeOnceAnswer } from './once-step.ts';
import type { RolloutDraft } from './rollout-draft.ts';
import { failedBySilence, silenceOf } from './silence.ts';
import { stepAnswer } from './step-answer.ts';
import { endHold, holdOutsideWindow, isOutsideWindow } from './window-hold.ts';

/** @param mayBegin false past the deadline: what is there may still end well, nothing more starts */
export function moveForward(draft: RolloutDraft, mayBegin: boolean): void {
  takeAnswers(draft);
  if (isBeforeFirstWave(draft)) {
    takeOnceAnswer(draft);
    if (hasEnded(draft.state)) return;
    if (
      mayBegin &&
      draft.deployment.once === null &&
      !holdOutsideWindow(draft, 'What runs once before the first wave')
    ) {
      endHold(draft);
      beginOnce(draft);
    }
    if (isBeforeFirstWave(draft)) return;
  }
  if (mayBegin) beginReady(draft);
  for (;;) {
    const broken = tooManyFailed(draft);
    if (broken !== null && draft.policy.failureAction !== 'continue') {
      failRollout(draft, broken);
      return;
    }
    if (!waveIsSettled(draft)) return;
    if (mayBegin && nobodyAnswered(draft) && refill(draft)) continue;
    // Whatever the ratio: where everybody who answered failed, nobody else is tried.
    const allFailed = nobodyPassed(draft);
    if (allFailed !== null && draft.policy.failureAction !== 'continue') {
      failRollout(draft, allFailed);
      return;
    }
    const last = draft.deployment.wave >= draft.deployment.waves - 1;
    if (!waited(draft, draft.policy.monitorMs + (last || draft.deployment.wave < 0 ? 0 : draft.policy.delayMs))) return;
    if (last) {
      finish(draft, broken);
      return;
    }
    if (!mayBegin) return;
    const next = draft.deployment.wave + 1;
    if (hasWaiting(draft, next) && holdOutsideWindow(draft, waveName(draft, next))) return;
    beginWave(draft);
  }
}

/** A failed answer is final, and who returns is not asked any more how the way forward went. */
const OPEN: ReadonlySet<HostStep['state']> = new Set(['moving', 'offline', 'passed']);

/** Also while the deployment is paused or has ended: what has begun goes on and is written down. */
export function takeAnswers(draft: RolloutDraft): void {
  for (const step of draft.steps()) {
    if (!hasMoved(step) || !(OPEN.has(step.state) || failedBySilence(step))) continue;
    const fact = draft.fact(step.host);
    const next = fact === null ? removed(draft, step) : answered(draft, step, fact);
    if (next === null) continue;
    draft.setStep(next);
    if (next.state === 'failed' && next.problem !== null) reportFailure(draft, next, next.problem);
  }
}

/** @returns the step as it is now; null = unchanged */
function answered(draft: RolloutDraft, step: HostStep, fact: HostFact): HostStep | null {
  if (step.state === 'passed') {
    // A gate is passed once; afterwards only what is seen inside the monitor window can undo it.
    const watched = draft.policy.monitorMs > 0 && !hasEnded(draft.state);
    const ill = watched ? (sickness(fact, draft.deployment.release) ?? lostWhileWatched(draft, step, fact)) : null;
    return ill === null ? null : { ...step, state: 'failed', problem: ill };
  }
  const answer = stepAnswer(step, fact, draft.deployment);
  if (answer.kind === 'passed') return { ...step, state: 'passed', problem: null };
  if (answer.kind === 'failed') return { ...step, state: 'failed', problem: answer.problem };
  if (step.state === 'failed') return null;
  if (step.state === 'moving') {
    if (fact.availability === 'draining') return { ...step, state: 'offline', problem: leaving(draft, fact) };
    const silence = silenceOf(draft, step, fact);
    if (silence.kind === 'left-out') return { ...step, state: 'offline', problem: silent(draft, fact) };
    if (silence.kind === 'failed') return { ...step, state: 'failed', problem: silence.problem };
    if (silence.kind === 'waited-for') draft.wake(silence.until);
    return null;
  }
  const back = fact.offlineSince === null && fact.availability !== 'draining' && step.wave === draft.deployment.wave;
  return back ? { ...step, state: 'moving', problem: null } : null;
}

/** A host of the wave under way that passed and went away before its monitor window was over. */
function lostWhileWatched(draft: RolloutDraft, step: HostStep, fact: HostFact): Problem | null {
  if (!isMissed(draft, step, fact)) return null;
  const silence = silenceOf(draft, step, fact);
  return silence.kind === 'failed' ? silence.problem : null;
}

function isMissed(draft: RolloutDraft, step: HostStep, fact: HostFact | null): boolean {
  const isWatched = step.state === 'passed' && step.wave === draft.deployment.wave;
  return isWatched && fact?.availability === 'active' && fact.offlineSince !== null;
}

function removed(draft: RolloutDraft, step: HostStep): HostStep | null {
  if (step.state === 'passed' || step.problem?.code === 'HOST_REMOVED') return null;
  const { app, release } = draft.deployment;
  const gone = problem('HOST_REMOVED', `deploy ${app} release ${release}: host ${step.host} was removed`);
  return { ...step, state: 'offline', problem: gone };
}

function silent(draft: RolloutDraft, fact: HostFact): Problem {
  const { app, release } = draft.deployment;
  return problem('HOST_OFFLINE', `deploy ${app} release ${release}: host ${fact.name} is not connected`, {
    hint: 'It gets the release when it comes back.',
  });
}

function leaving(draft: RolloutDraft, fact: HostFact): Problem {
  const { app, release } = draft.deployment;
  return problem('HOST_OFFLINE', `deploy ${app} release ${release}: host ${fact.name} is draining`);
}

function reportFailure(draft: RolloutDraft, step: HostStep, reason: Problem): void {
  const name = draft.hostName(step.host);
  draft.event('deployment.host-failed', `Release ${draft.deployment.release} failed on ${name}: ${reason.message}`, {
    host: step.host,
    cause: { kind: 'host', host: name, detail: `attempt ${step.attempt}` },
  });
}

/** @returns the reason where more of the reached hosts failed than the policy allows; offline ones do not count */
function tooManyFailed(draft: RolloutDraft): Problem | null {
  const tried = draft.steps().filter((step) => hasMoved(step) && step.state !== 'offline');
  const failed = tried.filter((step) => step.state === 'failed');
  const [first] = failed;
  if (first?.problem == null || failed.length / tried.length <= draft.policy.maxFailureRatio) return null;
  const { app, release } = draft.deployment;
  const hosts = `${failed.length} of ${tried.length} ${tried.length === 1 ? 'host' : 'hosts'} failed`;
  const text = `deploy ${app} release ${release}: ${hosts}; ${draft.hostName(first.host)}: ${first.problem.message}`;
  // One failure stands in the message already.
  const listed = failed.length === 1 ? [] : failed;
  const details = listed.map((step) => ({
    path: draft.hostName(step.host),
    message: step.problem?.message ?? '',
    line: null,
    column: null,
  }));
  return problem(first.problem.code, text, { hint: first.problem.hint, details });
}

/** @returns the first failure where there are failures only; null = somebody passed, or nobody answered */
function nobodyPassed(draft: RolloutDraft): Problem | null {
  const steps = draft.steps();
  if (steps.some((step) => step.state === 'passed')) return null;
  return steps.find((step) => step.state === 'failed')?.problem ?? null;
}

function waveIsSettled(draft: RolloutDraft): boolean {
  const open = draft.steps().some((step) => step.state === 'moving');
  if (open) {
    endHold(draft);
    if (draft.deployment.settledAt !== null) draft.update({ settledAt: null });
  } else if (draft.deployment.settledAt === null) {
    draft.update({ settledAt: draft.now });
  }
  return !open;
}

/** Whether so long has gone since the wave had all its answers. A wave that nobody answered needs no watching. */
function waited(draft: RolloutDraft, ms: number): boolean {
  const { settledAt, wave } = draft.deployment;
  if (wave < 0 || settledAt === null || !draft.steps().some((step) => step.state === 'passed' && step.wave === wave))
    return true;
  const holding = draft.policy.monitorMs === 0 ? [] : draft.steps().flatMap((step) => heldUntil(draft, step));
  if (draft.now >= settledAt + ms && holding.length === 0) return true;
  for (const at of [settledAt + ms, ...holding]) if (at > draft.now) draft.wake(at);
  return false;
}

/** Hosts that were cordoned or draining when their wave began, and are active now: their turn has come. */
function beginReady(draft: RolloutDraft): void {
  const ready = draft
    .steps()
    .filter((step) => step.state === 'offline' && !hasMoved(step) && step.wave <= draft.deployment.wave)
    .filter((step) => draft.fact(step.host)?.availability === 'active');
  if (ready.length === 0 || isOutsideWindow(draft)) return;
  for (const step of ready) beginForward(draft, step);
  takeAnswers(draft);
}

/** Until when a host that went away in its monitor window holds the wave. */
function heldUntil(draft: RolloutDraft, step: HostStep): readonly number[] {
  const fact = draft.fact(step.host);
  if (fact === null || !isMissed(draft, step, fact)) return [];
  const silence = silenceOf(draft, step, fact);
  return silence.kind === 'waited-for' ? [silence.until] : [];
}

function beginWave(draft: RolloutDraft): void {
  const wave = draft.deployment.wave + 1;
  draft.update({ wave, settledAt: null });
  beginSteps(
    draft,
    draft.steps().filter((step) => step.wave === wave && step.state === 'waiting'),
    waveName(draft, wave),
  );
}

function beginSteps(draft: RolloutDraft, steps: readonly HostStep[], title: string): void {
  if (steps.length === 0) return;
  endHold(draft);
  for (const step of steps) beginForward(draft, step);
  const names = steps.map((step) => draft.hostName(step.host));
  const shown = names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  draft.event('deployment.wave', `${title}: ${shown}`);
  // A host may have been silent for long when its turn comes: it is out at once, and may have answered already.
  takeAnswers(draft);
}

/** The wave under way has told nothing of the release: all of its hosts are out. */
function nobodyAnswered(draft: RolloutDraft): boolean {
  const { wave } = draft.deployment;
  return wave >= 0 && !draft.steps().some((step) => step.wave === wave && step.state !== 'offline');
}

/**
 * Connected hosts of later waves take the places of a wave that is out as a whole, as many as it had: a larger wave must
 * not begin on the word of nobody. @returns whether something has changed
 */
function refill(draft: RolloutDraft): boolean {
  const { wave } = draft.deployment;
  const isThere = ({ host }: HostStep): boolean => {
    const fact = draft.fact(host);
    return fact?.availability === 'active' && fact.offlineSince === null;
  };
  const steps = draft.steps();
  const size = steps.filter((step) => step.wave === wave).length;
  const found = steps.filter((step) => step.wave > wave && step.state === 'waiting' && isThere(step));
  const next = [...found].sort((a, b) => a.wave - b.wave).slice(0, size);
  if (next.length === 0 || isOutsideWindow(draft)) return false;
  for (const step of next) draft.setStep({ ...step, wave });
  draft.update({ settledAt: null });
  beginSteps(
    draft,
    next.map((step) => ({ ...step, wave })),
    `${waveName(draft, wave)} again, its hosts are out`,
  );
  return true;
}

const hasWaiting = (draft: RolloutDraft, wave: number): boolean =>
  draft.steps().some((step) => step.wave === wave && step.state === 'waiting');

const waveName = (draft: RolloutDraft, wave: number): string => `Wave ${wave + 1} of ${draft.deployment.waves}`;

function finish(draft: RolloutDraft, broken: Problem | null): void {
  const { app, release } = draft.deployment;
  const passed = draft.steps().filter((step) => step.state === 'passed').length;
  const failed = draft.steps().filter((step) => step.state === 'failed').length;
  if (broken !== null) {
    condemnFailed(draft);
    draft.end(
      'failed',
      broken,
      `Deployment of ${app} release ${release} went over all hosts and failed: ${broken.message}`,
    );
    return;
  }
  // Nobody has shown yet that the release works: the first host that comes back decides, or the deadline.
  if (passed === 0) {
    const allFailed = nobodyPassed(draft);
    if (allFailed !== null) failRollout(draft, allFailed);
    return;
  }
  const offline = draft.steps().filter((step) => step.state === 'offline').length;
  const rest = [failed > 0 ? `${failed} failed` : null, offline > 0 ? `${offline} will catch up` : null].filter(
    (part) => part !== null,
  );
  const hosts = `${passed} of ${draft.steps().length} hosts${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
  draft.end('succeeded', null, `${app} runs release ${release} on ${hosts}`);
}
