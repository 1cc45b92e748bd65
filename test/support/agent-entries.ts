/** Entries of assignments for tests of the agent: apps whose services are probed by `exec`, which the fake engine answers. */
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { RunEntry } from '../../fleet/assignment.ts';
import type { SpecHash } from '../../fleet/ids.ts';
import { anAppSpec, appName, aPolicy, aService, deploymentId, digest, specHash } from './app-builders.ts';

export interface TestService extends Partial<ServiceSpec> {
  /** Letter of its image's digest and of its spec hash. */
  readonly version: string;
  readonly copies?: number;
}

export interface TestEntry extends Partial<Omit<RunEntry, 'spec' | 'app' | 'replicas' | 'hashes'>> {
  readonly app?: string;
  readonly services: Readonly<Record<string, TestService>>;
  readonly volumes?: readonly string[];
}

export const EXEC_PROBE: ServiceSpec['probe'] = {
  check: { kind: 'exec', command: ['healthy'] },
  intervalMs: 40,
  timeoutMs: 1_000,
  retries: 2,
  startPeriodMs: 0,
  startIntervalMs: 10,
};

/** Without a health check of the file: the image's own where it has one, else running counts. */
export const IMAGE_PROBE: ServiceSpec['probe'] = { ...EXEC_PROBE, check: { kind: 'image' } };

export function aRunEntry(fields: TestEntry): RunEntry {
  const { app = 'web', services, volumes = [], ...rest } = fields;
  const release = rest.release ?? 1;
  const specs: Record<string, ServiceSpec> = {};
  const hashes: Record<string, SpecHash> = {};
  const replicas: Record<string, number> = {};
  for (const [name, { version, copies = 1, ...spec }] of Object.entries(services)) {
    const image = {
      reference: `registry.test/${name}:${version}`,
      digest: digest(version),
      pull: 'always',
      platform: null,
    } as const;
    specs[name] = aService({ image, probe: EXEC_PROBE, stopGraceMs: 500, ...spec });
    hashes[name] = specHash(version);
    replicas[name] = copies;
  }
  const noVolume = { external: false, name: null, driver: null, driverOpts: {}, labels: {} };
  return {
    kind: 'run',
    app: appName(app),
    release,
    deployment: deploymentId(release),
    attempt: release,
    spec: anAppSpec({
      name: appName(app),
      rollout: aPolicy({ waves: [{ kind: 'percent', percent: 100 }] }),
      services: specs,
      volumes: Object.fromEntries(volumes.map((volume) => [volume, noVolume])),
    }),
    hashes,
    replicas,
    secretVersions: {},
    rollback: false,
    requires: [],
    ...rest,
  };
}

/** A route, so that the service is reached through the ingress. */
export const ROUTE: ServiceSpec['ingress'] = [
  { host: '*', path: '/', port: 8080, tls: 'off', weight: 1, stripPrefix: false },
];
