/**
 * Makes a plan: digests, secret versions, hashes, placement and the changes per host. It reads and asks, and
 * changes nothing; `deploy` does exactly what the newest plan says, on the state that the plan was made on.
 */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { canonicalJson } from '../../fleet/canonical-json.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { ProblemDetail } from '../../fleet/errors.ts';
import type { Digest, HostId } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import type { PlanView } from '../../protocol/http-api/views.ts';
import { place, stickyPlacement } from '../placement/place.ts';
import { onceRefusal } from '../placement/placement-rules.ts';
import { platformRefusal } from '../placement/platform-conflicts.ts';
import { policyRefusal } from '../placement/policy-conflicts.ts';
import {
  ingressConflicts,
  portConflicts,
  portRefusal,
  portWarnings,
  publishesPorts,
} from '../placement/port-conflicts.ts';
import { requireReadable } from '../secrets/key-loss.ts';
import { refuseTooLarge } from '../release/app-size.ts';
import type { ImageFacts } from '../registry/image-facts.ts';
import { pinImages } from '../release/pin-images.ts';
import { planHash, planHosts } from '../release/plan-release.ts';
import type { HostChanges, ReleaseContents } from '../release/plan-release.ts';
import { routeRefusal, routeWarnings } from '../placement/route-conflicts.ts';
import { specHashes } from '../release/spec-hash.ts';
import { onceServices } from '../rollout/once-step.ts';
import { wavesOf } from '../rollout/waves.ts';
import type { AppRow, HostRow, Placement, QuarantineRow, Target } from '../store/records.ts';
import type { ControlOptions } from './control-options.ts';
import { occupantsOf } from './occupants.ts';
import { planWarnings, replicaWarnings } from './plan-warnings.ts';
import { undeletedVolumes, volumeFindings } from './plan-volumes.ts';
import type { DeclaredApp } from './plan-volumes.ts';
import { pinnedImages } from './views/record-views.ts';

export interface Plan {
  readonly view: PlanView;
  readonly contents: ReleaseContents;
  readonly placement: Placement;
  readonly targets: readonly Target[];
  /** Null before the first release. */
  readonly app: AppRow | null;
  /** Last succeeded release. */
  readonly base: Release | null;
  readonly hosts: readonly HostRow[];
}

export interface PlanInput {
  readonly spec: AppSpec;
  /** Digests that are not asked for again, by service. */
  readonly images: Readonly<Record<string, Digest>>;
  /** Versions to keep; null = the newest of each. */
  readonly secretVersions: Readonly<Record<string, number>> | null;
  /** People will read the plan: it looks into the images, which costs questions to registries. */
  readonly isRead: boolean;
}

type Needs = Pick<ControlOptions, 'store' | 'hub' | 'images' | 'vault'>;

/**
 * @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM, REGISTRY_*, SECRET_MISSING, NO_HOSTS, UNPLACEABLE, ROUTE_TAKEN, PORT_IN_USE,
 * POLICY_REFUSED, TOO_LARGE
 */
export async function makePlan(input: PlanInput, options: Needs): Promise<Plan> {
  const { store, hub } = options;
  const { name } = input.spec;
  // All at once: a plan costs as long as the slowest of these, which is the registry.
  const asked = resolveImages(input, options);
  const [digests, facts, secretVersions, app, hosts, targets] = await Promise.all([
    asked,
    input.isRead ? asked.then((found) => imageFacts(input.spec, found, options)) : {},
    input.secretVersions ?? pinSecrets(input.spec, options),
    store.app({ app: name }),
    store.allHosts(),
    store.targetsOfApp({ app: name }),
  ]);
  await requireReadable(input.spec, secretVersions, options, `plan ${name}`);
  const spec = pinImages(input.spec, digests);
  const contents: ReleaseContents = { spec, secretVersions, hashes: specHashes(spec, secretVersions) };
  const placed = place(spec, hosts, stickyPlacement(targets), (host) => hub.live(host)?.connected === true);
  if (placed.kind === 'unplaceable') {
    const { code, message, hint, details } = placed.problem;
    throw new LongshoreError(code, message, { hint, details });
  }
  const routes = await store.conflictingRoutes({ app: name, spec, placement: placed.placement });
  const names = new Map(hosts.map((host) => [host.id, host.name]));
  const refusal = routeRefusal(name, routes, names);
  if (refusal !== null) throw new LongshoreError(refusal.code, refusal.message, { details: refusal.details });
  const portsKnown = await refuseTakenPorts(spec, placed.placement, names, options);
  const reports = new Map(
    targets.flatMap(({ host }) => {
      const report = hub.live(host)?.apps[name];
      return report === undefined ? [] : [[host, report] as const];
    }),
  );
  const numbers = new Set(targets.flatMap((target) => (target.kind === 'run' ? [target.release] : [])));
  for (const { instances } of reports.values()) for (const { release } of instances) numbers.add(release);
  if (app?.succeeded != null) numbers.add(app.succeeded);
  const releases = new Map(
    (await store.releases({ app: name, numbers: [...numbers] })).map((release) => [release.number, release]),
  );
  const base = app?.succeeded == null ? null : (releases.get(app.succeeded) ?? null);
  refuseTooLarge(spec, base?.spec ?? null);
  const once = onceServices({ deployment: { kind: 'deploy' }, release: contents, base });
  const apart = onceRefusal(name, once, placed.placement);
  if (apart !== null) throw new LongshoreError(apart.code, apart.message, { details: apart.details });
  const volumes = volumeFindings(base === null ? null : await declaredApp(base.spec, input.isRead, options), {
    spec,
    declared: volumesOf(facts),
  });
  if (volumes.refused.length > 0) {
    const names = volumes.refused.map((detail) => detail.path).join(', ');
    throw new LongshoreError('VOLUME_CHANGED', `plan ${name}: ${names} cannot be changed`, {
      details: volumes.refused,
    });
  }
  const live = hosts.map((row) => ({ row, connected: hub.live(row.id)?.connected ?? false }));
  const changes = planHosts(contents, placed.placement, targets, releases, reports);
  const unfit =
    platformRefusal(spec, changes, hosts, facts) ??
    policyRefusal(spec, placed.placement, changes, hosts, (host) => hub.live(host));
  if (unfit !== null) throw new LongshoreError(unfit.code, unfit.message, { details: unfit.details });
  const view = planView({
    contents,
    base,
    changes,
    placement: placed.placement,
    live,
    facts,
    warnings: [
      ...volumes.warnings,
      ...undeletedVolumes(placed.placement, targets, names),
      ...routeWarnings(routes, names),
      ...portsKnown,
      ...heldWarnings(contents, await store.quarantine({ app: name })),
    ],
  });
  return { view, contents, placement: placed.placement, targets, app, base, hosts };
}

/** Deploying what a rollback holds is allowed, and ends the hold. */
function heldWarnings(contents: Plan['contents'], rows: readonly QuarantineRow[]): readonly string[] {
  return rows.flatMap(({ kind, service, digest, reason }) =>
    kind === 'held' && contents.spec.services[service]?.image.digest === digest
      ? [`the image of ${service} is held (${reason}); deploying it ends the hold`]
      : [],
  );
}

/** @returns warnings, of conflicts that are there already */
async function refuseTakenPorts(
  spec: AppSpec,
  placement: Placement,
  names: ReadonlyMap<HostId, string>,
  { store, hub }: Pick<Needs, 'store' | 'hub'>,
): Promise<readonly string[]> {
  if (!publishesPorts(spec)) return [];
  const occupants = await occupantsOf(Object.keys(placement) as HostId[], store);
  const conflicts = [
    ...portConflicts(spec, placement, occupants, names),
    ...ingressConflicts(spec, placement, occupants, names, (host) => hub.live(host)),
  ];
  const refusal = portRefusal(spec.name, conflicts);
  if (refusal !== null) throw new LongshoreError(refusal.code, refusal.message, { details: refusal.details });
  return portWarnings(conflicts);
}

async function resolveImages({ spec, images }: PlanInput, options: Needs): Promise<Readonly<Record<string, Digest>>> {
  const questions = new Map<string, Promise<Digest>>();
  const ask = (reference: string): Promise<Digest> => {
    const known = questions.get(reference) ?? options.images.resolve(reference, true);
    questions.set(reference, known);
    return known;
  };
  const resolved = await Promise.all(
    Object.entries(spec.services).map(
      async ([name, { image }]) => [name, images[name] ?? image.digest ?? (await ask(image.reference))] as const,
    ),
  );
  return Object.fromEntries(resolved);
}

type FactsByService = Readonly<Record<string, ImageFacts>>;

async function imageFacts(
  spec: AppSpec,
  digests: Readonly<Record<string, Digest>>,
  { images }: Needs,
): Promise<FactsByService> {
  const found = Object.entries(spec.services).map(async ([name, { image }]) => {
    const digest = digests[name];
    if (digest === undefined) return [];
    return [[name, await images.facts(image.reference, digest, image.platform)] as const];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

const volumesOf = (facts: FactsByService): DeclaredApp['declared'] =>
  Object.fromEntries(Object.entries(facts).map(([name, { volumes }]) => [name, volumes]));

async function declaredApp(spec: AppSpec, isRead: boolean, options: Needs): Promise<DeclaredApp> {
  const digests = Object.entries(spec.services).flatMap(([name, { image }]) =>
    image.digest === null ? [] : [[name, image.digest] as const],
  );
  return { spec, declared: isRead ? volumesOf(await imageFacts(spec, Object.fromEntries(digests), options)) : {} };
}

async function pinSecrets(spec: AppSpec, { store }: Needs): Promise<Readonly<Record<string, number>>> {
  const wanted = Object.entries(spec.secrets);
  if (wanted.length === 0) return {};
  const versions = await store.secretVersions({ app: spec.name, names: wanted.map(([, secret]) => secret.name) });
  const missing = wanted.filter(([, secret]) => versions[secret.name] === undefined);
  if (missing.length > 0) {
    const names = missing.map(([, secret]) => secret.name).join(', ');
    const details = missing.map(([key, secret]): ProblemDetail => ({
      path: `secrets.${key}`,
      message: `${spec.name} has no secret ${secret.name}`,
      line: null,
      column: null,
    }));
    throw new LongshoreError('SECRET_MISSING', `plan ${spec.name}: it has no value for ${names}`, {
      hint: `Set it with \`longshore secrets set ${spec.name} ${missing[0]?.[1].name ?? 'NAME'}\`.`,
      details,
    });
  }
  return Object.fromEntries(wanted.map(([key, secret]) => [key, versions[secret.name] ?? 0]));
}

interface PlanFacts {
  readonly contents: ReleaseContents;
  readonly base: Release | null;
  readonly changes: ReadonlyMap<HostId, HostChanges>;
  readonly placement: Placement;
  readonly live: readonly { readonly row: HostRow; readonly connected: boolean }[];
  readonly facts: FactsByService;
  readonly warnings: readonly string[];
}

function planView({ contents, base, changes, placement, live, facts, warnings }: PlanFacts): PlanView {
  const { spec } = contents;
  const shown = live.filter(({ row }) => changes.has(row.id));
  const hosts = shown.map(({ row, connected }) => {
    const all = changes.get(row.id) ?? [];
    // A paused host gets nothing new: it keeps what it has.
    const kept =
      row.availability === 'paused'
        ? all
            .filter((change) => change.action !== 'create')
            .map((change) => ({ ...change, action: 'keep' as const, because: [] }))
        : all;
    return { host: row.id, name: row.name, connected, changes: [...kept] };
  });
  const parts = {
    app: spec.name,
    base: base?.number ?? null,
    images: pinnedImages(spec),
    secretVersions: { ...contents.secretVersions },
    hosts,
  };
  const waves = plannedWaves(spec, placement, live);
  const names = new Map(live.map(({ row }) => [row.id, row.name]));
  const isSame = base !== null && canonicalJson(base.spec) === canonicalJson(spec);
  const isMoved = hosts.some((host) => host.changes.some((change) => change.action !== 'keep'));
  return {
    ...parts,
    waves: waves.map((wave) => wave.map((host) => names.get(host) ?? host)),
    warnings: [...replicaWarnings(base, spec), ...planWarnings(spec, hosts, live, facts), ...warnings],
    changed: !isSame || isMoved,
    hash: planHash(parts, placement, waves, spec),
  };
}

/** In the order of the rollout: hosts that talk first, so that the canary is one that can answer. */
function plannedWaves(spec: AppSpec, placement: Placement, live: PlanFacts['live']): HostId[][] {
  const order = live
    .filter(({ row }) => Object.hasOwn(placement, row.id))
    .map(({ row, connected }) => ({ row, rank: row.availability !== 'active' ? 2 : connected ? 0 : 1 }))
    .sort((a, b) => a.rank - b.rank || (a.row.name < b.row.name ? -1 : 1));
  const waves: HostId[][] = [];
  wavesOf(order.length, spec.rollout.waves).forEach((wave, index) => {
    const hosts = (waves[wave] ??= []);
    const host = order[index]?.row.id;
    if (host !== undefined) hosts.push(host);
  });
  return waves;
}
