/**
 * `queued` -> `rolling`: which hosts, in which waves. A kept release that is deployed again goes the fast way, without
 * canary. Hosts that talk come first, so that the canary is one that can answer.
 */
import { problem } from '../../fleet/errors.ts';
import { isHostId } from '../../fleet/ids.ts';
import type { WaveSize } from '../../fleet/rollout-policy.ts';
import { windowAt } from '../../fleet/maintenance-window.ts';
import { counted } from '../../protocol/text/counted.ts';
import type { RolloutDraft } from './rollout-draft.ts';
import { wavesOf } from './waves.ts';

/** A window that is never reached is looked at again, should the zone's rules change. */
const LOOK_AGAIN_MS = 24 * 3_600_000;

export function startRollout(draft: RolloutDraft): void {
  const opensAt = windowOpensAt(draft);
  if (opensAt > draft.now) {
    draft.wake(opensAt);
    return;
  }
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

/** Only what the schedule brought waits for its window; what people deploy is never held back by it. */
function windowOpensAt(draft: RolloutDraft): number {
  const { schedule } = draft.facts.rollout.release.spec;
  if (draft.deployment.cause.kind !== 'schedule' || schedule?.window == null) return draft.now;
  return windowAt(schedule.window, schedule.timeZone, draft.now).opensAt ?? draft.now + LOOK_AGAIN_MS;
}

function rank(draft: RolloutDraft, host: Parameters<RolloutDraft['fact']>[0]): number {
  const fact = draft.fact(host);
  if (fact?.availability !== 'active') return 2;
  return fact.offlineSince === null ? 0 : 1;
}
