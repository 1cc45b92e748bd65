/** What is done to an app as it runs, without another app file: restarting it. */
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
import { requireApp } from './app-commands.ts';
import type { ControlOptions } from './control-options.ts';
import { enqueueDeployment } from './deploy-release.ts';
import { retryConflict } from './retry-conflict.ts';

export function runningCommands(options: ControlOptions): Pick<Commands, 'restartApp'> {
  const { store, views } = options;
  return {
    restartApp: (app, request, actor, id = null) =>
      retryConflict(async () => {
        const made = id === null ? null : await store.deployment({ id });
        if (made !== null) return views.storedDeployment(made);
        const current = await currentRelease(app, 'restart', options);
        const restarts = requireServers(current.release.spec, request.services);
        requireOneRelease(current);
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
  };
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
function requireServers(spec: AppSpec, asked: readonly string[]): readonly string[] {
  requireServices(spec, asked, 'restart');
  const oneShots = asked.filter((service) => isOneShot(spec, service));
  if (oneShots.length > 0)
    throw new LongshoreError(
      'CONFLICT',
      `restart ${spec.name}: ${oneShots.join(', ')} runs to its end, not on and on`,
      {
        hint: 'It runs again with a deployment that changes it, or with each one under `x-longshore.run: always`.',
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

/** Where a deployment was stopped in place, restarting would bring its hosts back by the way. @throws CONFLICT */
function requireOneRelease({ known, release, targets }: Current): void {
  const running = targets.flatMap((target) => (target.kind === 'run' ? [target.release] : []));
  const other = running.find((number) => number !== release.number);
  if (running.length === 0)
    throw new LongshoreError('CONFLICT', `restart ${known.app}: no host runs it`, { hint: 'See `longshore apps`.' });
  if (other !== undefined)
    throw new LongshoreError(
      'CONFLICT',
      `restart ${known.app}: some hosts run release ${other}, others release ${release.number}`,
      { hint: `Deploy, or go back with \`longshore rollback ${known.app} ${release.number}\`, then restart it.` },
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
