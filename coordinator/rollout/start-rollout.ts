/**
 * `queued` -> `rolling`: which hosts, in which waves. A kept release that is deployed again goes the fast way, without
 * canary. Hosts that talk come first, so that the canary is one that can answer.
 */
import { problem } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import type { WaveSize } from '../../fleet/rollout-policy.ts';
import { counted } from '../../protocol/text/counted.ts';
import type { RolloutDraft } from './rollout-draft.ts';
import { wavesOf } from './waves.ts';
import { isOutsideWindow } from './window-hold.ts';

export function startRollout(draft: RolloutDraft): void {
  if (isOutsideWindow(draft)) return;
  const { app, release, kind, cause } = draft.deployment;
  const hosts = Object.keys(draft.facts.rollout.placement)
    .filter(isHostId)
    .map((host) => ({ host, name: draft.hostName(host), rank: rank(draft, host) }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  if (hosts.length === 0) {
    draft.end(
      'failed',
      problem('NO_HOSTS', `deploy ${app} release ${release}: it has no host to run on`),
      `No host for ${app}`,
    );
    return;
  }
  const fast: readonly WaveSize[] = [{ kind: 'every', hosts: draft.policy.rollbackParallelism }];
  const waves = wavesOf(hosts.length, kind === 'rollback' ? fast : draft.policy.waves);
  hosts.forEach(({ host }, index) => {
    const wave = waves[index] ?? 0;
    draft.setStep({ host, wave, state: 'waiting', from: null, attempt: 0, problem: null, changedAt: draft.now });
  });
  const count = (waves.at(-1) ?? 0) + 1;
  draft.advance('rolling', {
    wave: -1,
    waves: count,
    startedAt: draft.now,
    settledAt: null,
    deadlineAt: draft.now + draft.policy.deadlineMs,
  });
  const text = `Deployment of ${app} release ${release} starts: ${counted(hosts.length, 'host')} in ${counted(count, 'wave')}`;
  draft.event('deployment.started', text, { cause });
}

function rank(draft: RolloutDraft, host: Parameters<RolloutDraft['fact']>[0]): number {
  const fact = draft.fact(host);
  if (fact?.availability !== 'active') return 2;
  return fact.offlineSince === null ? 0 : 1;
}
