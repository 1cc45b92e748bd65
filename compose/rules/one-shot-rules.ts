/** Services that run to their end: what they say must fit that they end. */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { type Finding, finding } from './finding.ts';

export function oneShotFindings(app: AppSpec): readonly Finding[] {
  return Object.entries(app.services).flatMap(([name, service]) =>
    service.run !== undefined && neverEnds(service)
      ? [
          finding(
            ['services', name, 'x-longshore', 'run'],
            `is for a service that runs to its end, but the restart policy is ${service.restart.name}; say "restart: no"`,
          ),
        ]
      : [],
  );
}

export const neverEnds = (service: ServiceSpec): boolean =>
  service.restart.name === 'always' || service.restart.name === 'unless-stopped';
