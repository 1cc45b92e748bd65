/** Starts an existing container as soon as nothing stands in its way. Pure. */
import type { RunEntry } from '../../fleet/assignment.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import { type AppContext, isUp, specOf } from './app-context.ts';
import type { PlanBuilder } from './plan-builder.ts';

export function planStart(
  context: AppContext,
  builder: PlanBuilder,
  entry: RunEntry | null,
  container: ContainerObservation,
): void {
  const blocker = blockerOf(context, entry, container);
  if (blocker === undefined) {
    builder.want({ kind: 'start', app: context.app, service: container.service, instance: container.instance });
    return;
  }
  builder.wait(`${container.service}/${container.replica} starts when ${blocker.instance} has stopped`);
}

/** Another one that holds its address, its volume or its host port. */
function blockerOf(
  context: AppContext,
  entry: RunEntry | null,
  container: ContainerObservation,
): ContainerObservation | undefined {
  const stopFirst = specOf(entry, container.service)?.order === 'stop-first';
  return context.containers.find((each) => {
    if (each.instance === container.instance || !isUp(each)) return false;
    if (container.address !== null && each.address === container.address) return true;
    return stopFirst && each.service === container.service && each.replica === container.replica;
  });
}
