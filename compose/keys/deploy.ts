/** `deploy`: how many instances, where, with what, and how they are replaced. */
import type { PlacementConstraint } from '../../fleet/app-spec.ts';
import { readConstraints } from './constraints.ts';
import { fields, ignored, type KeyTable, later, notDone } from './key-table.ts';
import { choice, type Cursor, fail, failKey, integerIn, readIf, readOr } from './read.ts';
import { readUpdate, type UpdateStatement } from './rollout-statement.ts';

export const DEPLOY_KEYS = {
  mode: 'read',
  replicas: 'read',
  resources: 'read',
  placement: 'read',
  restart_policy: 'read',
  update_config: 'read',
  rollback_config: 'read',
  labels: ignored('they are labels of a Swarm service; "labels" of the service go to the container'),
  endpoint_mode: ignored('services reach each other by name on the host; there is no virtual address'),
} satisfies KeyTable;

export const PLACEMENT_KEYS = {
  constraints: 'read',
  preferences: later(),
  max_replicas_per_node: later(),
} satisfies KeyTable;

export interface Deploy {
  readonly replicas: number | null;
  readonly constraints: readonly PlacementConstraint[];
  readonly update: UpdateStatement;
  readonly resources: Cursor | undefined;
  readonly restartPolicy: Cursor | undefined;
}

const readReplicas = integerIn(0, 10_000);

export function readDeploy(cursor: Cursor | undefined, scale: Cursor | undefined): Deploy {
  const given = cursor === undefined ? {} : fields(cursor, DEPLOY_KEYS);
  const placement = given.placement === undefined ? {} : fields(given.placement, PLACEMENT_KEYS);
  return {
    replicas: replicasOf(given.mode, given.replicas, scale),
    constraints: readOr(placement.constraints, readConstraints, []),
    update: readUpdate(given.update_config, given.rollback_config),
    resources: given.resources,
    restartPolicy: given.restart_policy,
  };
}

/** Without a number an app runs once on every selected host; `mode: replicated` alone is one in all, as in Swarm. */
function replicasOf(mode: Cursor | undefined, replicas: Cursor | undefined, scale: Cursor | undefined): number | null {
  const kind = readIf(mode, choice('replicated', 'global', 'replicated-job', 'global-job'));
  const stated = readIf(replicas, readReplicas);
  const scaled = readIf(scale, readReplicas);
  if (mode !== undefined && (kind === 'replicated-job' || kind === 'global-job'))
    fail(mode, notDone(`mode: ${kind}`, 'replicated and global are'));
  if (scale !== undefined && stated !== null && scaled !== null && stated !== scaled)
    failKey(scale, 'says something else than deploy.replicas; keep one of them');
  const number = stated ?? scaled;
  const where = replicas ?? scale;
  if (kind === 'global' && where !== undefined)
    failKey(where, '"mode: global" is one on every selected host; it takes no number');
  return number ?? (kind === 'replicated' ? 1 : null);
}
