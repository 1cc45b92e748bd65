/** What is done to an app as it runs, without another app file: restarting and scaling it. */
import type { AppSpec } from '../../fleet/app-spec.ts';
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import type { Release } from '../../fleet/release.ts';
import type { Capability } from '../../protocol/version.ts';
import { personCause } from '../commands.ts';
import type { Commands } from '../commands.ts';
import { stickyPlacement } from '../placement/place.ts';
import { requireReadable } from '../secrets/key-loss.ts';
import type { AppRow, Target } from '../store/records.ts';
import { makePlan } from './make-plan.ts';
import { requireApp } from './app-commands.ts';
import type { ControlOptions } from './control-options.ts';
import { enqueueDeployment } from './deploy-release.ts';
import { retryConflict } from './retry-conflict.ts';

export function runningCommands(options: ControlOptions): Pick<Commands, 'restartApp' | 'scaleApp'> {
  const { store, views } = options;
  return {
    restartApp: (app, request, actor, id = null) =>
      retryConflict(async () => {
        const made = id === null ? null : await store.deployment({ id });
        if (made !== null) return views.storedDeployment(made);
        const current = await currentRelease(app, 'restart', options);
        const restarts = requireServers(current.release.spec, request.services, 'restart');
        requireOneRelease(current, 'restart');
        await requireAgents(app, current.targets, options);
        const { spec, secretVersions } = current.release;
        await requireReadable(spec, secretVersions, options, `restart ${app}`);
        const { deployment } = await enqueueDeployment(
          {
            id,
            app,
            source: { kind: 'kept', number: current.release.number },
            restarts,
            placement: stickyPlacement(current.targets),
            known: current.known,
            cause: personCause(actor, request.note),
            rolling: 'wait',
            onlyIdle: true,
            releaseQuarantine: false,
            why: `${actor.name} restarts ${request.services.length === 0 ? 'it' : restarts.join(', ')}`,
          },
          options,
        );
        return views.storedDeployment(deployment);
      }),
    scaleApp: (app, request, actor, id = null) =>
      retryConflict(async () => {
        const made = id === null ? null : await store.deployment({ id });
        if (made !== null) return { deployment: await views.storedDeployment(made), text: `${app} is scaled already` };
        const current = await currentRelease(app, 'scale', options);
        const { spec, secretVersions } = current.release;
        requireServers(spec, Object.keys(request.replicas), 'scale');
        requireOneRelease(current, 'scale');
        const changed = Object.entries(request.replicas).filter(
          ([name, count]) => spec.services[name]?.replicas !== count,
        );
        const why = changed.map(([name, count]) => `${name}=${count}`).join(', ');
        if (changed.length === 0) return { deployment: null, text: `${app} is scaled so already` };
        const scaled = withReplicas(spec, Object.fromEntries(changed));
        const plan = await makePlan({ spec: scaled, images: {}, secretVersions, isRead: false }, options);
        if (Object.keys(plan.placement).length === 0)
          throw new LongshoreError('UNPLACEABLE', `scale ${app}: nothing of it would be left to run`, {
            hint: `Keep a service, or remove the app with \`longshore rm ${app}\`, which keeps its volumes and secrets.`,
          });
        const cause = personCause(actor, request.note);
        const { deployment } = await enqueueDeployment(
          {
            id,
            app,
            source: { kind: 'new', release: { ...plan.contents, cause, createdAt: options.now() } },
            placement: plan.placement,
            known: current.known,
            cause,
            rolling: 'wait',
            onlyIdle: true,
            releaseQuarantine: false,
            why: `${actor.name} scales ${why}`,
          },
          options,
        );
        const text = `release ${deployment.release} of ${app}: ${why}, until the app file is deployed again`;
        return { deployment: await views.storedDeployment(deployment), text };
      }),
  };
}

/** What was allowed for the release before, once, is not asked for again. */
function withReplicas(spec: AppSpec, counts: Readonly<Record<string, number>>): AppSpec {
  const { recreateVolumes: _asked, ...kept } = spec;
  const services = Object.entries(spec.services).map(([name, service]) => {
    const replicas = counts[name];
    return [name, replicas === undefined ? service : { ...service, replicas }] as const;
  });
  return { ...kept, services: Object.fromEntries(services) };
}

interface Current {
  readonly known: AppRow;
  readonly release: Release;
  readonly targets: readonly Target[];
}

/** What the app runs, where nothing is under way: that would bring another release. @throws NOT_FOUND, CONFLICT */
async function currentRelease(app: AppName, verb: string, { store }: Pick<ControlOptions, 'store'>): Promise<Current> {
  const known = await requireApp(app, verb, { store });
  const [underWay] = await store.unendedDeployments({ app });
  if (underWay !== undefined)
    throw new LongshoreError('CONFLICT', `${verb} ${app}: deployment ${underWay.id} is ${underWay.state}`, {
      hint: `Follow it with \`longshore watch ${app}\`, or end it with \`longshore cancel ${app}\`.`,
    });
  const number = known.succeeded;
  const release = number === null ? null : await store.release({ app, number });
  if (release === null)
    throw new LongshoreError('CONFLICT', `${verb} ${app}: no release of it has succeeded yet`, {
      hint: 'Deploy it with `longshore deploy`.',
    });
  return { known, release, targets: await store.targetsOfApp({ app }) };
}

/** @param asked empty = all. @throws NOT_FOUND, CONFLICT */
function requireServers(spec: AppSpec, asked: readonly string[], verb: 'restart' | 'scale'): readonly string[] {
  requireServices(spec, asked, verb);
  const oneShots = asked.filter((service) => isOneShot(spec, service));
  if (oneShots.length > 0)
    throw new LongshoreError(
      'CONFLICT',
      `${verb} ${spec.name}: ${oneShots.join(', ')} runs to its end, not on and on`,
      {
        hint:
          verb === 'restart'
            ? 'It runs again with a deployment that changes it, or with each one under `x-longshore.run: always`.'
            : 'Name services that keep running.',
      },
    );
  const services = asked.length > 0 ? asked : Object.keys(spec.services);
  return [...new Set(services)].filter((service) => !isOneShot(spec, service)).sort();
}

/** @throws NOT_FOUND */
function requireServices(spec: AppSpec, asked: readonly string[], verb: string): void {
  const unknown = asked.filter((service) => !Object.hasOwn(spec.services, service));
  if (unknown.length > 0)
    throw new LongshoreError('NOT_FOUND', `${verb} ${spec.name}: it has no service ${unknown.join(', ')}`, {
      hint: `Its services: ${Object.keys(spec.services).sort().join(', ')}.`,
    });
}

function isOneShot(spec: AppSpec, name: string): boolean {
  const service = spec.services[name];
  if (service?.run !== undefined || service?.once !== undefined) return true;
  return Object.values(spec.services).some(({ dependsOn }) => dependsOn[name] === 'completed');
}

/** Where a deployment was stopped in place, another one would bring its hosts back by the way. @throws CONFLICT */
function requireOneRelease({ known, release, targets }: Current, verb: 'restart' | 'scale'): void {
  const running = targets.flatMap((target) => (target.kind === 'run' ? [target.release] : []));
  const other = running.find((number) => number !== release.number);
  if (running.length === 0 && verb === 'restart')
    throw new LongshoreError('CONFLICT', `restart ${known.app}: no host runs it`, { hint: 'See `longshore apps`.' });
  if (other !== undefined)
    throw new LongshoreError(
      'CONFLICT',
      `${verb} ${known.app}: some hosts run release ${other}, others release ${release.number}`,
      { hint: `Deploy, or go back with \`longshore rollback ${known.app} ${release.number}\`, then ${verb} it.` },
    );
}

/** An agent that does not know the request would keep what runs and say that it passed. @throws CAPABILITY_MISSING */
async function requireAgents(app: AppName, targets: readonly Target[], { store, hub }: ControlOptions): Promise<void> {
  const needed: Capability = 'restart';
  const old = targets.flatMap(({ host }): HostId[] => {
    const live = hub.live(host);
    return live?.connected === true && !live.capabilities.includes(needed) ? [host] : [];
  });
  if (old.length === 0) return;
  const names = await store.hostNames({ ids: old });
  throw new LongshoreError(
    'CAPABILITY_MISSING',
    `restart ${app}: the agent of ${old.map((host) => names[host] ?? host).join(', ')} cannot restart apps`,
  );
}
