/**
 * Which hosts' policies do not allow what an app asks for, where instances of it would start. Pure. The decision is the
 * host's own (`fleet/host-policy.ts`), on what its agent stated when it connected.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { boundedText } from '../../fleet/bounded-text.ts';
import { problem, type Problem, type ProblemDetail } from '../../fleet/errors.ts';
import { disallowed } from '../../fleet/host-policy.ts';
import type { HostId } from '../../fleet/ids.ts';
import { TEXT_LIMITS } from '../../fleet/limits.ts';
import type { LiveHost } from '../ports.ts';
import type { HostChanges } from '../release/plan-release.ts';
import type { HostRow, Placement } from '../store/records.ts';

/** Null: no policy is known to refuse it. */
export function policyRefusal(
  spec: AppSpec,
  placement: Placement,
  changes: ReadonlyMap<HostId, HostChanges>,
  hosts: readonly Pick<HostRow, 'id' | 'name' | 'availability'>[],
  live: (host: HostId) => Pick<LiveHost, 'connected' | 'policy'> | null,
): Problem | null {
  const details = hosts.flatMap(({ id, name, availability }): readonly ProblemDetail[] => {
    const known = live(id);
    const starts = changes.get(id)?.some(({ action }) => action === 'create' || action === 'replace');
    // Of a host that is away the policy may be another one when it is back; a paused one gets nothing new.
    if (starts !== true || known?.connected !== true || known.policy === null || availability === 'paused') return [];
    return disallowed(known.policy, { spec, replicas: placement[id] ?? {} }).map(({ service, request }) => ({
      path: `services.${service}`,
      message: boundedText(`the policy of ${name} does not allow ${service}: ${request}`, TEXT_LIMITS.detailMessage),
      line: null,
      column: null,
    }));
  });
  const [first] = details;
  if (first === undefined) return null;
  return problem('POLICY_REFUSED', `place ${spec.name}: ${first.message}`, { details: details.slice(0, 200) });
}
