/**
 * What a host's report means for its step. Only the answer to this very attempt counts; `passed` and `failed` are
 * final for it, so it does not matter whether it was given before, during or after an absence of either side. A refusal
 * that will not pass by itself is an answer too; one that may is sent again, and waited for.
 */
import type { Deployment, HostStep } from '../../fleet/deployment.ts';
import { problem } from '../../fleet/errors.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppReport } from '../../fleet/report.ts';
import { refusalOf } from './host-fact.ts';
import type { HostFact } from './host-fact.ts';

export type StepAnswer =
  { readonly kind: 'none' } | { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly problem: Problem };

/** The answer to the attempt that the step names. */
export function stepAnswer(step: HostStep, fact: HostFact, { app, id }: Pick<Deployment, 'app' | 'id'>): StepAnswer {
  const refusal = refusalOf(fact, { app, deployment: id, attempt: step.attempt });
  if (refusal?.isSentAgain === false) return { kind: 'failed', problem: refusal.problem };
  const attempt = fact.report?.attempt ?? null;
  if (attempt?.deployment !== id || attempt.attempt !== step.attempt) return { kind: 'none' };
  switch (attempt.state) {
    case 'passed':
      return { kind: 'passed' };
    case 'failed':
      return { kind: 'failed', problem: attempt.problem ?? unnamed(fact) };
    case 'accepted':
    case 'pulling':
    case 'starting':
    case 'gating':
      return { kind: 'none' };
  }
}

/** The app is gone from the host: said so, or not there at all in the report of a connected agent. */
export function isRemoved(report: AppReport | null): boolean {
  return report === null || report.removed;
}

function unnamed(fact: HostFact): Problem {
  return problem('INTERNAL', `attempt on ${fact.name}: it failed and the agent gave no reason`);
}
