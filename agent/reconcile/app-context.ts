/** What the planning of one app looks at, and the few questions that all its parts ask of it. Pure. */
import type { ServiceSpec } from '../../fleet/app-spec.ts';
import type { AssignmentEntry, Prefetch, RunEntry } from '../../fleet/assignment.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppName, HostId, InstanceId } from '../../fleet/ids.ts';
import type { Instant } from '../clock.ts';
import type { ContainerObservation, NetworkObservation, VolumeObservation } from '../engine/container-engine.ts';
import { type AppJournal, type InstanceRecord, serviceOfKey } from '../state/app-journal.ts';
import type { InstanceHealth, Observation } from './observation.ts';
import { addressAt, indexHolding } from './subnet.ts';

/** What the operator of this host decided. */
export interface HostRules {
  readonly host: HostId;
  readonly subnetPool: string;
  /** Why the entry may not run here; null = it may. */
  readonly policy: (entry: RunEntry) => Problem | null;
}

/** What an app needs to know of another one on this host. */
export interface OtherApp {
  readonly app: AppName;
  readonly entry: AssignmentEntry | null;
  readonly journal: AppJournal;
  readonly hasContainers: boolean;
}

export interface AppContext {
  readonly rules: HostRules;
  readonly app: AppName;
  readonly entry: AssignmentEntry | null;
  /** What a deployment that waits for its window will bring; null = nothing. */
  readonly prefetch: Prefetch | null;
  readonly journal: AppJournal;
  /** False: there is none on the disk. With containers of the app about, that means it was lost. */
  readonly hasJournal: boolean;
  readonly containers: readonly ContainerObservation[];
  readonly network: NetworkObservation | null;
  readonly volumes: readonly VolumeObservation[];
  readonly facts: Observation;
  /** Subnets that other apps of this host hold. */
  readonly takenSubnets: readonly string[];
  /** In the order of their names. */
  readonly others: readonly OtherApp[];
  readonly now: Instant;
}

export function findContainer(context: AppContext, instance: InstanceId): ContainerObservation | undefined {
  return context.containers.find((each) => each.instance === instance);
}

export function healthOf(context: AppContext, instance: InstanceId): InstanceHealth | undefined {
  return context.facts.health[instance];
}

/** It holds its address and ports, and may answer. */
export function isUp(container: ContainerObservation): boolean {
  return container.state === 'running' || container.state === 'restarting' || container.state === 'paused';
}

/** Label and engine agree about its image. */
export function hasRightImage(container: ContainerObservation): boolean {
  return container.imageId === container.recordedImageId;
}

export function specOf(entry: RunEntry | null, service: string): ServiceSpec | null {
  return entry?.spec.services[service] ?? null;
}

/** The address that the record's instance has or will have; null without a network. */
export function addressOf(context: AppContext, entry: RunEntry, key: string, record: InstanceRecord): string | null {
  const spec = specOf(entry, serviceOfKey(key));
  if (spec?.networkMode !== 'app' || context.network === null) return null;
  const index = context.journal.addresses[key];
  return index === undefined ? null : addressAt(context.network.subnet, index, record.slot);
}

/** Base indexes of the addresses that containers hold: one keeps its address although the journal has moved on. */
export function heldIndexes(context: AppContext): readonly number[] {
  const { network } = context;
  if (network === null) return [];
  return context.containers.flatMap((each) =>
    each.address === null ? [] : (indexHolding(network.subnet, each.address) ?? []),
  );
}

/** What a container shows of its service. */
type SeenService = Pick<ContainerObservation, 'service' | 'engineHealth'>;

/** An exit with code 0 is its success: another service waits for it, or it is a job by its restart policy. */
export function mayComplete(entry: RunEntry, container: SeenService): boolean {
  const spec = specOf(entry, container.service);
  if (spec === null) return false;
  if (mustComplete(entry, container.service)) return true;
  const isJob = spec.restart.name === 'no' || spec.restart.name === 'on-failure';
  return isJob && serverReason(entry, container) === null;
}

/**
 * Why the service counts as a server, which has to keep running whatever its restart policy is; null = it is none. Only
 * the container shows whether the image brings a health check of its own.
 */
export function serverReason(entry: RunEntry, container: SeenService): string | null {
  const { service, engineHealth } = container;
  const spec = specOf(entry, service);
  if (spec === null || mustComplete(entry, service)) return null;
  if (spec.ingress.length > 0) return 'it has an ingress route';
  if (spec.ports.length > 0) return 'it publishes ports';
  const { kind } = spec.probe.check;
  const isChecked = kind === 'image' ? engineHealth !== 'none' : kind !== 'none';
  if (isChecked) return 'it has a health check';
  const dependent = Object.entries(entry.spec.services).find(([, other]) => service in other.dependsOn);
  return dependent === undefined ? null : `${dependent[0]} depends on it while it runs`;
}

export function mustComplete(entry: RunEntry, service: string): boolean {
  if (entry.once?.includes(service) === true) return true;
  return Object.values(entry.spec.services).some((other) => other.dependsOn[service] === 'completed');
}

export function hasCompleted(container: ContainerObservation): boolean {
  return container.state === 'exited' && container.exitCode === 0;
}
