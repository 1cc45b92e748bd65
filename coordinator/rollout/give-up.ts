/** The end of a deployment whose decisions cannot be stored: `failed`, where it stands, with the reason. Pure. */
import { problem } from '../../fleet/errors.ts';
import { leaveOnce } from './once-step.ts';
import { RolloutDraft } from './rollout-draft.ts';
import type { RolloutChanges, RolloutFacts } from './rollout-draft.ts';

export function giveUp(facts: RolloutFacts, reason: string): RolloutChanges {
  const draft = new RolloutDraft(facts);
  const { app, release } = draft.deployment;
  const text = `deploy ${app} release ${release}: stopped where it stands, its changes cannot be stored: ${reason}`;
  draft.end('failed', problem('DEPLOYMENT_FAILED', text), text);
  leaveOnce(draft);
  return draft.changes();
}
