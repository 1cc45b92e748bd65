/**
 * Enqueues a deployment and tells everybody: one transaction makes the release, supersedes queued deployments and
 * writes the events. Used by people's deployments, roll backs, and newer images that were found.
 */
import { problem, LongshoreError } from '../../fleet/errors.ts';
import type { DeploymentSummary } from '../../fleet/deployment-summary.ts';
import type { AppName, DeploymentId } from '../../fleet/ids.ts';
import type { Cause, Release } from '../../fleet/release.ts';
import type { AppRow, Placement, QuarantineRow, ReleaseSource } from '../store/records.ts';
import type { ControlOptions } from './control-options.ts';

export interface Enqueue {
  /** Null: a new one. */
  readonly id?: DeploymentId | null;
  readonly app: AppName;
  readonly source: ReleaseSource;
  readonly placement: Placement;
  /** The state that was decided on. */
  readonly known: AppRow | null;
  readonly cause: Cause;
  readonly rolling: 'wait' | 'abort';
  /** Refuse where something of the app is queued or under way. */
  readonly onlyIdle?: boolean;
  /** Services whose instances are replaced although the release is the same. */
  readonly restarts?: readonly string[];
  readonly releaseQuarantine: boolean;
  /** Why, in a few words: `as asked`, `a newer image of web`. */
  readonly why: string;
}

/** @throws CONFLICT where the app changed since `known` was read */
export async function enqueueDeployment(
  input: Enqueue,
  options: Pick<ControlOptions, 'store' | 'rollouts' | 'changes' | 'views' | 'now' | 'randomBytes' | 'keepReleases'>,
): Promise<{ readonly release: Release; readonly deployment: DeploymentSummary }> {
  const { app, source, known, cause } = input;
  const at = options.now();
  const id = input.id ?? (`d-${options.randomBytes(8).toString('hex')}` as DeploymentId);
  const event = { at, app, host: null, deployment: id, cause };
  const made = await options.store.createDeployment({
    app,
    source,
    deployment: {
      id,
      kind: source.kind === 'kept' && input.restarts === undefined ? 'rollback' : 'deploy',
      ...(input.restarts === undefined ? {} : { restarts: input.restarts }),
      cause,
      createdAt: at,
      aborts: input.rolling === 'abort',
      placement: input.placement,
    },
    expected: {
      succeeded: known?.succeeded ?? null,
      newest: known === null || known.newest === 0 ? null : known.newest,
      idle: input.onlyIdle === true,
    },
    releaseQuarantine: input.releaseQuarantine,
    keepReleases: options.keepReleases,
    events: [
      ...(source.kind === 'new'
        ? [{ ...event, kind: 'release.made', text: `Release {release} of ${app} was made: ${input.why}` }]
        : []),
      {
        ...event,
        kind: 'deployment.queued',
        text: `${input.restarts === undefined ? 'Deployment' : 'Restart'} of ${app} release {release} is queued: ${input.why}`,
      },
    ],
  });
  options.rollouts.enqueued(app, made.superseded);
  for (const deployment of [...made.superseded, made.deployment]) {
    options.changes.publish({ kind: 'deployment', deployment: await options.views.storedDeployment(deployment) });
  }
  return made;
}

/** Services of the release whose digest failed its gate before. */
export function quarantinedServices(
  release: Pick<Release, 'spec'>,
  quarantine: readonly QuarantineRow[],
): readonly (QuarantineRow & { readonly service: string })[] {
  return Object.entries(release.spec.services).flatMap(([service, { image }]) => {
    const row = quarantine.find((entry) => entry.kind === 'failed' && entry.digest === image.digest);
    return row === undefined ? [] : [{ ...row, service }];
  });
}

/** @throws IMAGE_QUARANTINED */
export function refuseQuarantined(
  app: AppName,
  release: Pick<Release, 'spec'>,
  quarantine: readonly QuarantineRow[],
): void {
  const rows = quarantinedServices(release, quarantine);
  const [first] = rows;
  if (first === undefined) return;
  const refusal = problem(
    'IMAGE_QUARANTINED',
    `deploy ${app}: image ${first.digest} of ${first.service} failed its gate before: ${first.reason}`,
  );
  const details = rows.map(({ service, reason }) => ({
    path: `services.${service}.image`,
    message: reason,
    line: null,
    column: null,
  }));
  throw new LongshoreError(refusal.code, refusal.message, {
    hint: `Push a newer image, or release it with \`longshore apps unquarantine ${app}\` or \`longshore deploy --release-quarantine\`.`,
    details,
  });
}
