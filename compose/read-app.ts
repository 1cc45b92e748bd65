/** The merged tree to a resolved app: services, then what holds for all of them. */
import type { AppSpec, RestartPolicy, ServiceSpec } from '../fleet/app-spec.ts';
import type { BuildSpec } from './keys/build.ts';
import { readConfigs } from './keys/configs.ts';
import { type Fields, fields, ignored, type KeyTable, later } from './keys/key-table.ts';
import { readLongshoreApp } from './keys/longshore-app.ts';
import { readNetworks } from './keys/networks.ts';
import {
  type Cursor,
  describe,
  entries,
  fail,
  failKey,
  readFilledText,
  readIf,
  readOr,
  readTexts,
} from './keys/read.ts';
import { readRollout } from './keys/rollout.ts';
import { readSecrets } from './keys/secrets.ts';
import { type AppContext, type ReadService, readService } from './keys/service.ts';
import type { Surroundings } from './keys/surroundings.ts';
import { readVolumes } from './keys/volumes.ts';
import { isActive } from './profiles.ts';
import { locate } from './source/locate.ts';
import { reportVariables } from './source/interpolate-tree.ts';
import { childOf, type Tree } from './source/tree.ts';

export const APP_KEYS = {
  name: 'read',
  services: 'read',
  volumes: 'read',
  networks: 'read',
  configs: 'read',
  secrets: 'read',
  'x-longshore': 'read',
  version: ignored('Compose has one format now, without a number'),
  include: later('name the files with several -f'),
  models: later(),
} satisfies KeyTable;

export interface ReadApp {
  readonly spec: Omit<AppSpec, 'name'>;
  /** `name:` of the file. */
  readonly name: string | null;
  readonly builds: readonly BuildSpec[];
}

export function readApp(root: Cursor, around: Surroundings, profiles: readonly string[]): ReadApp {
  const given = fields(root, APP_KEYS);
  const longshore = readLongshoreApp(given['x-longshore']);
  const app: AppContext = { around, gate: longshore.gate, networks: readNetworks(given.networks) };
  const services = readServices(root, given, app, profiles);
  reportSeveralNetworks(services);
  const rollout = readRollout(
    longshore.rollout,
    services.map((service) => service.rollout),
  );
  const relations = relationsOf(services);
  return {
    name: readIf(given.name, readFilledText),
    builds: services.flatMap((service) => service.build ?? []),
    spec: {
      services: Object.fromEntries(services.map((service) => [service.name, settle(service, relations)])),
      volumes: readVolumes(given.volumes),
      configs: readConfigs(given.configs, around),
      secrets: readSecrets(given.secrets),
      hosts: longshore.hosts,
      rollout,
      schedule: longshore.schedule,
      offline: longshore.offline,
      volumeScope: longshore.volumeScope,
      ...(longshore.require === undefined ? {} : { require: longshore.require }),
    },
  };
}

function readServices(
  root: Cursor,
  given: Fields<typeof APP_KEYS>,
  app: AppContext,
  profiles: readonly string[],
): readonly ReadService[] {
  if (given.services === undefined) {
    fail(root, 'there are no "services"');
    return [];
  }
  const seen = new Set<Tree>();
  for (const [key, cursor] of entries(root))
    if (key !== 'services') reportVariables(cursor.tree, cursor.path, cursor.report, seen);
  const active: ReadService[] = [];
  const inactive = new Map<string, readonly string[]>();
  for (const [name, cursor] of entries(given.services)) {
    if (cursor.tree.kind !== 'map') {
      failKey(cursor, `a service is a map with at least an "image"; this is ${describe(cursor.tree)}`);
      continue;
    }
    const own = profilesOf(cursor);
    if (isActive(own, profiles)) {
      reportVariables(cursor.tree, cursor.path, cursor.report, seen);
      active.push(readService(name, cursor, app));
    } else {
      const stated = childOf(cursor.tree, 'profiles');
      if (stated !== undefined) reportVariables(stated, [...cursor.path, 'profiles'], cursor.report, seen);
      inactive.set(name, own);
    }
  }
  for (const service of active) reportInactive(service, inactive);
  return active.map((service) => ({
    ...service,
    dependencies: service.dependencies.filter((dependency) => !inactive.has(dependency.service)),
  }));
}

function profilesOf(cursor: Cursor): readonly string[] {
  const tree = childOf(cursor.tree, 'profiles');
  if (tree === undefined) return [];
  return readOr({ ...cursor, tree, path: [...cursor.path, 'profiles'] }, readTexts, []);
}

function reportInactive(service: ReadService, inactive: ReadonlyMap<string, readonly string[]>): void {
  for (const { service: other, required } of service.dependencies) {
    const profiles = inactive.get(other);
    if (profiles === undefined || !required) continue;
    service.cursor.report.error(
      locate(service.cursor.tree, ['depends_on', other]),
      [...service.cursor.path, 'depends_on', other],
      `"${other}" is in the profile ${profiles.join(', ')}, which is not active; activate it, or say "required: false"`,
    );
  }
}

function reportSeveralNetworks(services: readonly ReadService[]): void {
  const [first, ...rest] = services.filter((service) => service.network !== null);
  for (const service of rest)
    if (first !== undefined && service.network !== first.network)
      failKey(
        service.cursor,
        `is on the network "${service.network ?? ''}" and "${first.name}" on "${first.network ?? ''}"; every service ` +
          'of an app shares one network per host, and keeping them apart is not done yet: name the same network or none',
      );
}

interface Relations {
  readonly names: ReadonlySet<string>;
  /** Services that others wait for until they have ended. */
  readonly awaited: ReadonlySet<string>;
}

function relationsOf(services: readonly ReadService[]): Relations {
  const waits = services.flatMap((service) => service.dependencies.filter((one) => one.condition === 'completed'));
  return {
    names: new Set(services.map((service) => service.name)),
    awaited: new Set(waits.map((one) => one.service)),
  };
}

/** Fills in what depends on the other services. */
function settle(service: ReadService, { names, awaited }: Relations): ServiceSpec {
  const dependsOn: Record<string, ServiceSpec['dependsOn'][string]> = {};
  for (const dependency of service.dependencies)
    if (dependency.required || names.has(dependency.service)) dependsOn[dependency.service] = dependency.condition;
  // A one-shot runs to its end, and so does a service that others wait for; everything else is kept running.
  const ends = service.isOneShot || awaited.has(service.name);
  const restart: RestartPolicy = service.restart ?? { name: ends ? 'no' : 'unless-stopped', maxAttempts: 0 };
  return { ...service.spec, dependsOn, restart };
}
