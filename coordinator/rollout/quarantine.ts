/**
 * Which digests a failed deployment condemns: only one that this release brought in, of the service that failed,
 * for a cause that lies in the instance, and never one that the last good release uses. A release that changed only
 * an environment variable must not condemn production's image.
 */
import type { ErrorCode } from '../../fleet/errors.ts';
import type { HostId } from '../../fleet/ids.ts';
import type { HostStep } from '../../fleet/deployment.ts';
import type { NewQuarantine, Rollout } from '../store/records.ts';
import type { HostFact } from './host-fact.ts';

const OF_THE_INSTANCE: ReadonlySet<ErrorCode> = new Set([
  'CONTAINER_EXITED',
  'NEVER_HEALTHY',
  'UNHEALTHY_IN_GATE',
  'RESTART_LOOP',
]);

export function digestsToQuarantine(
  rollout: Pick<Rollout, 'deployment' | 'release' | 'base'>,
  failed: readonly HostStep[],
  facts: ReadonlyMap<HostId, HostFact>,
  now: number,
): readonly NewQuarantine[] {
  const { deployment, release, base } = rollout;
  // A kept release that is deployed again brings nothing in.
  if (deployment.kind === 'rollback') return [];
  const good = new Set(Object.values(base?.spec.services ?? {}).map((service) => service.image.digest));
  const found = new Map<string, NewQuarantine>();
  for (const step of failed) {
    const service = failedService(step, facts.get(step.host));
    if (service === null || step.problem === null || !OF_THE_INSTANCE.has(step.problem.code)) continue;
    const digest = release.spec.services[service]?.image.digest ?? null;
    if (digest === null || good.has(digest) || found.has(service)) continue;
    const reason = step.problem.message;
    found.set(service, {
      kind: 'failed',
      app: deployment.app,
      service,
      digest,
      reason,
      since: now,
      deployment: deployment.id,
    });
  }
  return [...found.values()];
}

/** What is brought in by a deployment that goes back: no schedule brings it again before something newer appears. */
export function digestsToHold(
  { deployment, release, base }: Pick<Rollout, 'deployment' | 'release' | 'base'>,
  reason: string,
  now: number,
): readonly NewQuarantine[] {
  if (deployment.kind === 'rollback') return [];
  const { app, id } = deployment;
  return Object.entries(release.spec.services).flatMap(([service, { image }]): readonly NewQuarantine[] => {
    const { digest } = image;
    if (digest === null || digest === base?.spec.services[service]?.image.digest) return [];
    return [{ kind: 'held', app, service, digest, reason, since: now, deployment: id }];
  });
}

/** The agent's own word for this attempt, or the instance that fell ill while it was watched. */
function failedService(step: HostStep, fact: HostFact | undefined): string | null {
  const report = fact?.report ?? null;
  if (report === null) return null;
  if (report.attempt?.attempt === step.attempt && report.attempt.failedService !== null)
    return report.attempt.failedService;
  return (
    report.instances.find((instance) => instance.state === 'unhealthy' || instance.state === 'exited')?.service ?? null
  );
}
