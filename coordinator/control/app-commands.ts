/** Apps: list, health, remove, pull now, quarantine, releases and rolling back to one. */
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, DeploymentId } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import { personCause } from '../commands.ts';
import type { Actor, Commands } from '../commands.ts';
import { requireReadable } from '../secrets/key-loss.ts';
import { place, stickyPlacement } from '../placement/place.ts';
import type { ImageChecks } from '../ports.ts';
import type { AppRow } from '../store/records.ts';
import { hostsOfApp, manyAppViews, oneAppView } from './app-views.ts';
import type { ControlOptions } from './control-options.ts';
import { enqueueDeployment, refuseQuarantined } from './deploy-release.ts';
import { pagingOf } from './page-of.ts';
import { retryConflict } from './retry-conflict.ts';
import { appHealthView } from './views/app-view.ts';
import { releaseView } from './views/record-views.ts';

type AppCommands = Pick<
  Commands,
  'listApps' | 'getApp' | 'appHealth' | 'removeApp' | 'pullApp' | 'releaseQuarantine' | 'listReleases' | 'rollback'
>;

export function appCommands(options: ControlOptions, checks: ImageChecks): AppCommands {
  const { store, hub, rollouts, changes, views } = options;
  return {
    listApps: async (query) => {
      const slice = await store.listApps(pagingOf(query));
      return { items: await manyAppViews(slice.items, options), next: slice.next };
    },
    getApp: async (app) => oneAppView(await requireApp(app, 'read', options), options),
    appHealth: async (app) => {
      await requireApp(app, 'read', options);
      return appHealthView(app, await hostsOfApp(app, options));
    },
    removeApp: async (app, also, actor) => {
      const text = `App ${app} is removed from every host; ${fateOf('volumes', also.volumes)}, ${fateOf('secrets', also.secrets)}`;
      const event = {
        at: options.now(),
        kind: 'app.removed',
        app,
        host: null,
        deployment: null,
        cause: personCause(actor, null),
        text,
      };
      const { hosts, cancelled } = await store.removeApp({ app, ...also, at: options.now(), events: [event] });
      rollouts.appRemoved(app, cancelled);
      hub.assignmentsChanged(hosts);
      for (const deployment of cancelled)
        changes.publish({ kind: 'deployment', deployment: await views.storedDeployment(deployment) });
    },
    pullApp: async (app, note, actor) => {
      const { deployment, text } = await checks.check(app, personCause(actor, note));
      const found = deployment === null ? null : await store.deployment({ id: deployment });
      return { deployment: found === null ? null : await views.storedDeployment(found), text };
    },
    releaseQuarantine: async (app, actor) => {
      await requireApp(app, 'release the quarantine of', options);
      const text = `Digests of ${app} that failed their gate may be pulled again`;
      const event = {
        at: options.now(),
        kind: 'quarantine.released',
        app,
        host: null,
        deployment: null,
        cause: personCause(actor, null),
        text,
      };
      await store.releaseQuarantine({ app, events: [event] });
    },
    listReleases: async (app, query) => {
      const { succeeded } = await requireApp(app, 'read', options);
      const slice = await store.listReleases({ ...pagingOf(query), app });
      return {
        items: slice.items.map(({ release, outcome }) => releaseView(release, outcome, succeeded)),
        next: slice.next,
      };
    },
    rollback: (app, request, actor, id = null) =>
      retryConflict(async () => {
        const made = id === null ? null : await store.deployment({ id });
        if (made !== null) return views.storedDeployment(made);
        const known = await requireApp(app, 'roll back', options);
        const release = await releaseToReturnTo(app, request.release, options);
        const { deployment } = await deployKept(known, release, { id, actor, note: request.note }, options);
        return views.storedDeployment(deployment);
      }),
  };
}

const fateOf = (what: string, goes: boolean): string => `its ${what} ${goes ? 'are deleted' : 'stay'}`;

/** @throws NOT_FOUND */
export async function requireApp(
  app: AppName,
  verb: string,
  { store }: Pick<ControlOptions, 'store'>,
): Promise<AppRow> {
  const row = await store.app({ app });
  if (row?.removedAt !== null) {
    throw new LongshoreError('NOT_FOUND', `${verb} app ${app}: not found`, { hint: 'See `longshore apps`.' });
  }
  return row;
}

async function deployKept(
  known: AppRow,
  release: Release,
  { id, actor, note }: { readonly id: DeploymentId | null; readonly actor: Actor; readonly note: string | null },
  options: ControlOptions,
) {
  const { store, hub } = options;
  const { app } = known;
  const [hosts, targets, quarantine] = await Promise.all([
    store.allHosts(),
    store.targetsOfApp({ app }),
    store.quarantine({ app }),
  ]);
  // What has served before may serve again: another release failed with its image, perhaps for a reason of its own.
  if (!(await hasServed(known, release, options))) refuseQuarantined(app, release, quarantine);
  await requireReadable(release.spec, release.secretVersions, options, `roll back ${app} to release ${release.number}`);
  const placed = place(release.spec, hosts, stickyPlacement(targets), (host) => hub.live(host)?.connected === true);
  if (placed.kind === 'unplaceable')
    throw new LongshoreError(placed.problem.code, placed.problem.message, { details: placed.problem.details });
  return enqueueDeployment(
    {
      id,
      app,
      source: { kind: 'kept', number: release.number },
      placement: placed.placement,
      known,
      cause: personCause(actor, note),
      rolling: 'abort',
      releaseQuarantine: false,
      why: `${actor.name} rolls back`,
    },
    options,
  );
}

/** Whether the app ever served the release as a whole. */
async function hasServed(
  { app, succeeded }: AppRow,
  { number }: Release,
  { store }: Pick<ControlOptions, 'store'>,
): Promise<boolean> {
  if (number === succeeded) return true;
  const { items } = await store.listReleases({ app, limit: 1, after: String(number + 1) });
  return items.some(({ release, served }) => release.number === number && served);
}

/** @throws NOT_FOUND, CONFLICT */
async function releaseToReturnTo(
  app: AppName,
  wanted: number | null,
  { store }: Pick<ControlOptions, 'store'>,
): Promise<Release> {
  if (wanted !== null) {
    const release = await store.release({ app, number: wanted });
    if (release !== null) return release;
    throw new LongshoreError('NOT_FOUND', `roll back ${app} to release ${wanted}: it is not kept`, {
      hint: `See \`longshore releases ${app}\`.`,
    });
  }
  const before = await store.releaseBefore({ app });
  if (before !== null) return before;
  throw new LongshoreError('CONFLICT', `roll back ${app}: no earlier release that served is kept`, {
    hint: `See \`longshore releases ${app}\`, and name one.`,
  });
}
