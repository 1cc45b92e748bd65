/** Starts an existing container as soon as it has its place on the network and nothing stands in its way. Pure. */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { type AppContext, isUp } from './app-context.ts';
import { mustStopFirst } from './app-volumes.ts';
import { holdsPortOf } from './host-ports.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { planOtherAddress, planPlace } from './plan-place.ts';
import { protectedInstances } from './plan-retirement.ts';
import { planFilesOf } from './prerequisites.ts';

export function planStart(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  container: ContainerObservation,
): void {
  const blocker = blockerOf(context, entry, container);
  // One that is on its way out may keep its address for all of its grace: the time of the new one goes on meanwhile.
  const isOnlyAddress = blocker?.reason === 'address' && !protectedInstances(context).has(blocker.instance);
  if (isOnlyAddress && planOtherAddress(context, builder, entry, container)) return;
  if (blocker !== undefined) {
    builder.wait(`${container.service}/${container.replica} starts when ${blocker.instance} has stopped`);
    return;
  }
  const { app } = context;
  const { service, instance } = container;
  if (isStuck(context, container)) builder.wantInstead({ kind: 'remove', app, service, instance });
  else if (planFilesOf(context, builder, entry, container) && planPlace(context, builder, entry, container))
    builder.want({ kind: 'start', app, service, replica: container.replica, instance });
}

/** Why a container that should run could not be started; null = nothing is known. */
export function startProblem(context: AppContext, instance: InstanceId): string | null {
  return context.facts.failures[`instance:${instance}`]?.problem.message ?? null;
}

/**
 * It ran before, and the engine does not start it again: one that ended in the middle of its work can take a container
 * for running that is not ("task already exists"). It goes, and is made again under the same name.
 */
function isStuck(context: AppContext, container: ContainerObservation): boolean {
  const failure = context.facts.failures[`instance:${container.instance}`];
  if (failure === undefined || container.state !== 'exited') return false;
  return failure.problem.code === 'CONFLICT' && failure.count >= TRIES;
}

const TRIES = 3;

/** Another one that holds its address, its volume or its host port, and is going to stop. What must be waited for comes first. */
function blockerOf(
  context: AppContext,
  entry: RunEntry | null,
  container: ContainerObservation,
): { readonly instance: InstanceId; readonly reason: 'address' | 'place' } | undefined {
  const staying = protectedInstances(context);
  const others = context.containers.filter((each) => each.instance !== container.instance && isUp(each));
  const inPlace = others.find((each) => {
    const isSame = each.service === container.service && each.replica === container.replica;
    if (isSame && mustStopFirst(entry, container, each)) return true;
    return !staying.has(each.instance) && holdsPortOf(context, entry, container.service, each);
  });
  if (inPlace !== undefined) return { instance: inPlace.instance, reason: 'place' };
  const there = others.find((each) => container.address !== null && each.address === container.address);
  return there === undefined ? undefined : { instance: there.instance, reason: 'address' };
}
