/** Plan and deploy. */
import { canonicalJson } from '../../fleet/canonical-json.ts';
import { hasEnded } from '../../fleet/deployment.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ProblemDetail } from '../../fleet/errors.ts';
import type { DeploymentId } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import type { DeployRequest } from '../../protocol/http-api/requests.ts';
import type { PlanView } from '../../protocol/http-api/views.ts';
import { personCause } from '../commands.ts';
import type { Actor, Commands } from '../commands.ts';
import { stickyPlacement } from '../placement/place.ts';
import type { ControlOptions } from './control-options.ts';
import { enqueueDeployment, refuseQuarantined } from './deploy-release.ts';
import { makePlan } from './make-plan.ts';
import type { Plan } from './make-plan.ts';
import { retryConflict } from './retry-conflict.ts';
import { hostWaiting } from './views/host-view.ts';

export function planCommands(options: ControlOptions): Pick<Commands, 'plan' | 'deploy'> {
  return {
    plan: async ({ spec, images }) =>
      (await makePlan({ spec, images, secretVersions: null, isRead: true }, options)).view,
    // What another deployment changed while this one was planned is planned again.
    deploy: (request, actor, id = null) => retryConflict(() => deployOnce(request, actor, id, options)),
  };
}

async function deployOnce(
  request: DeployRequest,
  actor: Actor,
  id: DeploymentId | null,
  options: ControlOptions,
): ReturnType<Commands['deploy']> {
  const { spec, images } = request;
  const plan = await makePlan({ spec, images, secretVersions: null, isRead: true }, options);
  const made = id === null ? null : await options.store.deployment({ id });
  if (made !== null) return { deployment: await options.views.storedDeployment(made), plan: plan.view };
  if (request.planHash !== null && request.planHash !== plan.view.hash) throw stale(plan.view);
  if (!request.releaseQuarantine) {
    refuseQuarantined(spec.name, plan.contents, await options.store.quarantine({ app: spec.name }));
  }
  if (!request.force && (await isDone(plan, options))) return { deployment: null, plan: plan.view };
  const cause = personCause(actor, request.note);
  const release: Omit<Release, 'number' | 'app'> = { ...plan.contents, cause, createdAt: options.now() };
  const { deployment } = await enqueueDeployment(
    {
      id,
      app: spec.name,
      source: { kind: 'new', release },
      placement: plan.placement,
      known: plan.app,
      cause,
      rolling: request.rolling,
      releaseQuarantine: request.releaseQuarantine,
      why: `asked for by ${actor.name}`,
    },
    options,
  );
  return { deployment: await options.views.storedDeployment(deployment), plan: plan.view };
}

/** The same content is the last succeeded release already, it stands everywhere, and nothing is under way. */
async function isDone(plan: Plan, options: ControlOptions): Promise<boolean> {
  const { base, targets, placement, contents } = plan;
  if (base === null || plan.view.changed) return false;
  if (canonicalJson(base.secretVersions) !== canonicalJson(contents.secretVersions)) return false;
  if (canonicalJson(stickyPlacement(targets)) !== canonicalJson(placement)) return false;
  if (targets.some((target) => target.kind === 'remove' || target.release !== base.number)) return false;
  const latest = await options.store.latestDeployments({ apps: [base.app] });
  if (latest.some((deployment) => !hasEnded(deployment.state))) return false;
  // Whoever is silent catches up by its target; whoever talks must have said that it stands.
  return targets.every((target) => {
    const live = options.hub.live(target.host);
    return live === null || !live.connected || hostWaiting(live, [target]) === null;
  });
}

function stale(now: PlanView): LongshoreError {
  const changes = now.hosts.flatMap(({ name, changes }) =>
    changes
      .filter((change) => change.action !== 'keep')
      .map((change): ProblemDetail => {
        const reason = change.because.length > 0 ? ` because of ${change.because.join(', ')}` : '';
        return {
          path: `${name}: ${change.service} ${change.replica}`,
          message: `${change.action}${reason}`,
          line: null,
          column: null,
        };
      }),
  );
  const waves: ProblemDetail = {
    path: 'waves',
    message: now.waves.map((wave) => wave.join(' ')).join(' | ') || 'none',
    line: null,
    column: null,
  };
  return new LongshoreError(
    'PLAN_STALE',
    `deploy ${now.app}: the fleet has moved since the plan was saved; now, ${now.base === null ? 'before a first release' : `on release ${now.base}`}, ${changes.length === 0 ? 'it would change nothing' : 'it would do this'}`,
    { details: [...changes.slice(0, 200), waves] },
  );
}
