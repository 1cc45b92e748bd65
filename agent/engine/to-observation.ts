/**
 * Docker's JSON of one container -> our observation. Pure. The list answers most questions in one call; what it does
 * not say (exit code, restart policy, times, aliases) is inspected, once per change: `changeKey` is the part of a
 * list entry that differs whenever an inspect would say something new.
 */
import { boundedText } from '../../fleet/bounded-text.ts';
import type { ContainerObservation, ContainerState } from './container-engine.ts';
import { type EndpointNames, namesOfEndpoint } from './endpoint-names.ts';
import { parseInstanceLabels, type Labels } from './engine-labels.ts';

const MOST_OUTPUT = 1_000;

/** One entry of `GET /containers/json`, as far as we read it. */
export interface ListedContainer {
  readonly Id: string;
  /** Each with a slash before it. */
  readonly Names?: readonly string[] | null;
  readonly ImageID: string;
  readonly State: string;
  readonly Status: string;
  readonly Labels: Labels;
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, ListedEndpoint>> | null };
}

interface ListedEndpoint {
  readonly NetworkID?: string;
  readonly EndpointID?: string;
  readonly IPAddress?: string;
}

/** `GET /containers/{id}/json`, as far as we read it. */
export interface InspectedContainer {
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: InspectedHealth | null | undefined;
  };
  /** With `StopTimeout` in seconds, which dockerode's type does not know. */
  readonly Config?: object;
  readonly HostConfig: {
    readonly NetworkMode?: string | undefined;
    readonly RestartPolicy?: { readonly Name?: string | undefined } | undefined;
  };
  readonly Mounts?: readonly InspectedMount[] | null;
  readonly NetworkSettings: {
    readonly Ports?: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>> | null;
    readonly Networks?: Readonly<Record<string, InspectedEndpoint>> | null;
  };
}

interface InspectedMount {
  readonly Type: string;
  readonly Name?: string | undefined;
  readonly Destination: string;
}

interface InspectedHealth {
  readonly Status: string;
  readonly Log?: readonly { readonly ExitCode: number; readonly Output: string }[] | null;
}

interface InspectedEndpoint extends ListedEndpoint, EndpointNames {
  readonly IPAMConfig?: { readonly IPv4Address?: string } | null;
}

/**
 * A restart gives a new endpoint, a reconnect too; the health word and the exit code stand in the status text. Its
 * ages ("Up 5 minutes") are left out: they change without anything having happened.
 */
export function changeKey(listed: ListedContainer): string {
  const endpoints = Object.entries(listed.NetworkSettings?.Networks ?? {}).map(
    ([name, endpoint]) => `${name}=${endpoint.EndpointID ?? ''}@${endpoint.IPAddress ?? ''}`,
  );
  const words = /\((?:healthy|unhealthy|health: starting|\d+|Paused)\)/g;
  return [listed.State, ...(listed.Status.match(words) ?? []), ...endpoints.sort()].join(' ');
}

/** Null where the labels are not an instance's of ours. */
export function toObservation(listed: ListedContainer, inspected: InspectedContainer): ContainerObservation | null {
  const labels = parseInstanceLabels(listed.Labels);
  if (labels === null) return null;
  const state = toState(inspected.State.Status);
  const endpoint = inspected.NetworkSettings.Networks?.[inspected.HostConfig.NetworkMode ?? ''];
  const hasEnded = state === 'exited' || state === 'dead' || state === 'restarting';
  return {
    ...labels,
    engineId: listed.Id,
    imageId: inspected.Image,
    state,
    exitCode: hasEnded ? inspected.State.ExitCode : null,
    oomKilled: inspected.State.OOMKilled,
    restartPolicy: restartPolicyOf(inspected.HostConfig.RestartPolicy?.Name),
    restartCount: inspected.RestartCount,
    startedAtMs: toTime(inspected.State.StartedAt),
    finishedAtMs: toTime(inspected.State.FinishedAt),
    address: addressOf(endpoint),
    networkId: endpoint?.NetworkID === undefined || endpoint.NetworkID === '' ? null : endpoint.NetworkID,
    ...namesOfEndpoint(endpoint, listed.Id),
    engineHealth: toHealth(inspected.State.Health?.Status),
    engineHealthDetail: lastHealthOutput(inspected.State.Health),
    stopGraceMs: toStopGrace(inspected.Config),
    ports: toPorts(inspected.NetworkSettings.Ports ?? {}),
    volumes: toVolumes(inspected.Mounts ?? []),
  };
}

/** A stopped container has no address of its own but keeps the one it was given; both are the same for a planner. */
function addressOf(endpoint: InspectedEndpoint | undefined): string | null {
  const given = endpoint?.IPAMConfig?.IPv4Address;
  const held = endpoint?.IPAddress;
  return (held === '' ? undefined : held) ?? (given === '' ? undefined : given) ?? null;
}

function toState(text: string): ContainerState {
  switch (text) {
    case 'created':
    case 'running':
    case 'restarting':
    case 'paused':
    case 'exited':
      return text;
    default:
      // `removing` and `dead`: on its way out, good for nothing.
      return 'dead';
  }
}

function toStopGrace(config: object | undefined): number | null {
  const seconds = config !== undefined && 'StopTimeout' in config ? config.StopTimeout : null;
  return typeof seconds === 'number' ? seconds * 1_000 : null;
}

function toHealth(text: string | undefined): ContainerObservation['engineHealth'] {
  return text === 'starting' || text === 'healthy' || text === 'unhealthy' ? text : 'none';
}

function lastHealthOutput(health: InspectedHealth | null | undefined): string | null {
  const last = health?.Log?.at(-1);
  if (last === undefined) return null;
  return `exit code ${last.ExitCode}: ${boundedText(last.Output.trim(), MOST_OUTPUT)}`;
}

/** Docker's zero time stands for "never". */
function toTime(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms <= 0 ? null : ms;
}

function toPorts(
  ports: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>,
): Readonly<Record<string, number>> {
  const published = Object.entries(ports).flatMap(([name, bindings]): [string, number][] => {
    const host = Number(bindings?.[0]?.HostPort ?? '');
    return host > 0 ? [[name.replace(/\/tcp$/, ''), host]] : [];
  });
  return Object.fromEntries(published);
}

function toVolumes(mounts: readonly InspectedMount[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    mounts.flatMap(({ Type: type, Name: name, Destination: path }) =>
      type === 'volume' && name !== undefined && name !== '' ? [[path, name] as const] : [],
    ),
  );
}

/** Engines say "none" in two ways, and containers made by hand have the other one. */
function restartPolicyOf(name: string | undefined): string {
  return name === undefined || name === '' ? 'no' : name;
}
