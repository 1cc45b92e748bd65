/** `x-longshore` of a service. */
import type { GatePolicy, IngressRoute, SecretUse, ServiceSpec } from '../../fleet/app-spec.ts';
import { readGate } from './gate.ts';
import { readIngress } from './ingress.ts';
import { fields, type KeyTable, later } from './key-table.ts';
import { choice, type Cursor, readIf, readOr } from './read.ts';
import { readSecretVariables } from './secrets.ts';

export const LONGSHORE_SERVICE_KEYS = {
  ingress: 'read',
  health: 'read',
  min_healthy_time: 'read',
  healthy_deadline: 'read',
  progress_deadline: 'read',
  run: 'read',
  once: 'read',
  metadata: 'read',
  secrets_env: 'read',
  hooks: later('a service that another one waits for with "service_completed_successfully" runs before it'),
} satisfies KeyTable;

export interface LongshoreService extends Pick<ServiceSpec, 'metadata'> {
  readonly ingress: readonly IngressRoute[];
  readonly gate: GatePolicy;
  readonly secretVariables: readonly SecretUse[];
  readonly health: Cursor | undefined;
  /** Null = not stated. */
  readonly run: 'deploy' | 'always' | null;
  readonly once: 'deployment' | null;
}

export function readLongshoreService(cursor: Cursor | undefined, gate: GatePolicy): LongshoreService {
  const given = cursor === undefined ? {} : fields(cursor, LONGSHORE_SERVICE_KEYS);
  return {
    ingress: readOr(given.ingress, readIngress, []),
    gate: readGate(given, gate),
    metadata: readOr(given.metadata, choice('deny', 'allow'), 'deny'),
    secretVariables: readOr(given.secrets_env, readSecretVariables, []),
    health: given.health,
    run: readIf(given.run, choice('deploy', 'always')),
    once: readIf(given.once, choice('deployment')),
  };
}
