/** Which probe an instance gets. Pure. */
import type { ProbeSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import type { ContainerObservation } from '../engine/container-engine.ts';
import type { ProbeTarget } from './observation.ts';

/** While it has to stay healthy in its gate, it is looked at at least so often. */
const SLOWEST_IN_GATE_MS = 1_000;

export function toProbeTarget(spec: ServiceSpec, container: ContainerObservation, isInGate: boolean): ProbeTarget {
  const { probe } = spec;
  const check = checkOf(probe, container);
  // The engine has counted retries and start period before it says `unhealthy`: its word counts at once.
  const isCounted = check.kind === 'engine';
  return {
    instance: container.instance,
    name: `${container.app}/${container.service}/${container.replica}`,
    startedAtMs: container.startedAtMs,
    address: probeAddress(spec, container),
    isPaused: false,
    check,
    intervalMs: isInGate
      ? Math.min(probe.intervalMs, Math.max(probe.startIntervalMs, SLOWEST_IN_GATE_MS))
      : probe.intervalMs,
    timeoutMs: probe.timeoutMs,
    retries: isCounted ? 1 : probe.retries,
    startPeriodMs: isCounted ? 0 : probe.startPeriodMs,
    startIntervalMs: probe.startIntervalMs,
  };
}

/** Where it answers, seen from the host; null without a network. */
export function probeAddress(spec: ServiceSpec, container: ContainerObservation): string | null {
  return spec.networkMode === 'host' ? '127.0.0.1' : container.address;
}

function checkOf(probe: ProbeSpec, container: ContainerObservation): ProbeTarget['check'] {
  if (probe.check.kind !== 'image') return probe.check;
  if (container.engineHealth === 'none') return { kind: 'none' };
  return { kind: 'engine', health: container.engineHealth, detail: container.engineHealthDetail };
}
