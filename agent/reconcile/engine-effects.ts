/**
 * What an action's success says about the engine, applied to the last observation at once, so that the next step need not
 * wait for another look. The next observation replaces it. Applying an effect twice is applying it once. Pure.
 */
import type { ContainerObservation, EngineObservation, InstancePlan } from '../engine/container-engine.ts';
import type { NetworkNames, NetworkObservation, VolumeObservation } from '../engine/container-engine.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ActionOf } from './action.ts';

export type EngineEffect =
  | { readonly kind: 'created'; readonly engineId: string; readonly action: ActionOf<'create'> }
  | { readonly kind: 'started'; readonly instance: InstanceId }
  | { readonly kind: 'stopped'; readonly instance: InstanceId }
  | { readonly kind: 'removed'; readonly instance: InstanceId }
  | { readonly kind: 'restart-set'; readonly instance: InstanceId; readonly policy: string }
  | { readonly kind: 'named'; readonly instance: InstanceId; readonly address: string; readonly names: NetworkNames }
  | { readonly kind: 'network'; readonly network: NetworkObservation }
  | { readonly kind: 'network-removed'; readonly app: string }
  | { readonly kind: 'volume'; readonly volume: VolumeObservation }
  | { readonly kind: 'volume-removed'; readonly app: string; readonly volume: string };

export function withEffect(engine: EngineObservation, effect: EngineEffect): EngineObservation {
  switch (effect.kind) {
    case 'created': {
      const created = toCreated(effect.engineId, effect.action);
      const isThere = engine.containers.some((each) => each.instance === created.instance);
      return isThere ? engine : { ...engine, containers: [...engine.containers, created] };
    }
    case 'started':
      return changed(engine, effect.instance, (each) =>
        each.state === 'running'
          ? each
          : // When it began is the engine's to say; another start time would look like another run.
            {
              ...each,
              state: 'running',
              exitCode: null,
              oomKilled: false,
              startedAtMs: null,
              finishedAtMs: null,
              // The engine keeps what the run before ended with; this one has not been checked.
              engineHealth: each.engineHealth === 'none' ? 'none' : 'starting',
              engineHealthDetail: null,
            },
      );
    case 'stopped':
      return changed(engine, effect.instance, (each) =>
        each.state === 'running' || each.state === 'restarting' || each.state === 'paused'
          ? { ...each, state: 'exited' }
          : each,
      );
    case 'removed':
      return { ...engine, containers: engine.containers.filter((each) => each.instance !== effect.instance) };
    case 'restart-set':
      return changed(engine, effect.instance, (each) => ({ ...each, restartPolicy: effect.policy }));
    case 'named':
      return changed(engine, effect.instance, (each) => ({
        ...each,
        address: effect.address,
        networkId: null,
        ...effect.names,
      }));
    case 'network':
      return {
        ...engine,
        networks: [...engine.networks.filter((each) => each.app !== effect.network.app), effect.network],
      };
    case 'network-removed':
      return { ...engine, networks: engine.networks.filter((each) => each.app !== effect.app) };
    case 'volume': {
      const others = engine.volumes.filter((each) => each.name !== effect.volume.name);
      return { ...engine, volumes: [...others, effect.volume] };
    }
    case 'volume-removed':
      return {
        ...engine,
        volumes: engine.volumes.filter((each) => each.app !== effect.app || each.volume !== effect.volume),
      };
  }
}

function changed(
  engine: EngineObservation,
  instance: InstanceId,
  change: (container: ContainerObservation) => ContainerObservation,
): EngineObservation {
  return {
    ...engine,
    containers: engine.containers.map((each) => (each.instance === instance ? change(each) : each)),
  };
}

function toCreated(engineId: string, action: ActionOf<'create'>): ContainerObservation {
  const { plan } = action;
  return {
    engineId,
    instance: plan.instance,
    app: plan.app,
    service: plan.service.name,
    replica: plan.replica,
    slot: plan.slot,
    hash: plan.service.hash,
    release: plan.release,
    deployment: plan.deployment,
    attempt: plan.attempt,
    imageId: plan.imageId,
    recordedImageId: plan.imageId,
    digest: plan.service.spec.image.digest ?? ('' as ContainerObservation['digest']),
    state: 'created',
    exitCode: null,
    oomKilled: false,
    restartPolicy: 'no',
    restartCount: 0,
    startedAtMs: null,
    finishedAtMs: null,
    address: plan.address,
    networkId: null,
    ...plan.names,
    engineHealth: action.hasHealthcheck ? 'starting' : 'none',
    engineHealthDetail: null,
    stopGraceMs: plan.service.spec.stopGraceMs,
    ports: {},
    volumes: volumesOf(plan),
  };
}

function volumesOf(plan: InstancePlan): Readonly<Record<string, string>> {
  const named = plan.service.spec.mounts.flatMap((mount) => {
    const name = mount.kind === 'volume' ? plan.volumes[mount.volume] : undefined;
    return name === undefined ? [] : [[mount.target, name] as const];
  });
  return { ...Object.fromEntries(named), ...plan.imageVolumes };
}
