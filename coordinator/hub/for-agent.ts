/**
 * An assignment as an agent of another version can read it: keys of a spec that the agent does not know would make the
 * whole frame invalid for it, so those that it can do without are left out. Pure.
 */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import type { Assignment } from '../../fleet/assignment.ts';
import type { Capability } from '../../protocol/version.ts';

/** @param capabilities what the agent named in its hello */
export function forAgent(assignment: Assignment, capabilities: ReadonlySet<string>): Assignment {
  const needed: Capability = 'healthcheck-overrides';
  if (capabilities.has(needed)) return assignment;
  return {
    ...assignment,
    entries: assignment.entries.map((entry) =>
      entry.kind === 'run' ? { ...entry, spec: withoutOverrides(entry.spec) } : entry,
    ),
  };
}

/** The agent before leaves the numbers of an image's health check to the image. */
function withoutOverrides(spec: AppSpec): AppSpec {
  const services = Object.entries(spec.services).map(([name, service]) => [name, withImageCheck(service)] as const);
  return { ...spec, services: Object.fromEntries(services) };
}

function withImageCheck(service: ServiceSpec): ServiceSpec {
  if (service.probe.check.kind !== 'image') return service;
  return { ...service, probe: { ...service.probe, check: { kind: 'image' } } };
}
