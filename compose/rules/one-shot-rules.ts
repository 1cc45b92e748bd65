/** Services that run to their end: what they say must fit that they end, and where and when they run. */
import type { AppSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { type Finding, finding } from './finding.ts';

export function oneShotFindings(app: AppSpec): readonly Finding[] {
  return Object.entries(app.services).flatMap(([name, service]) => [
    ...endFindings(name, service),
    ...(service.once === undefined ? [] : onceFindings(app, name, service)),
  ]);
}

function endFindings(name: string, service: ServiceSpec): readonly Finding[] {
  const key = service.once !== undefined ? 'once' : service.run !== undefined ? 'run' : null;
  if (key === null || !neverEnds(service)) return [];
  const text = `is for a service that runs to its end, but the restart policy is ${service.restart.name}; say "restart: no"`;
  return [finding(['services', name, 'x-longshore', key], text)];
}

/** It runs on one host before anything else of the release does. */
function onceFindings(app: AppSpec, name: string, service: ServiceSpec): readonly Finding[] {
  const at = (...path: readonly string[]): readonly string[] => ['services', name, ...path];
  const findings: Finding[] = [];
  if (Object.keys(service.dependsOn).length > 0)
    findings.push(
      finding(
        at('depends_on'),
        'a service with "once: deployment" runs before the first wave, when nothing else of the release runs; leave ' +
          'out "depends_on", or leave out "once" to run it on each host',
      ),
    );
  if (service.replicas !== null)
    findings.push(finding(at('deploy', 'replicas'), 'a service with "once: deployment" runs once; leave it out'));
  if (service.ingress.length > 0 || service.ports.length > 0)
    findings.push(
      finding(at('x-longshore', 'once'), 'is for a service that runs to its end; this one has a route or a port'),
    );
  if (app.offline === 'update')
    findings.push(
      finding(
        at('x-longshore', 'once'),
        'does not go with "offline: update": a host that updates alone cannot run it once for all hosts',
      ),
    );
  for (const [other, { dependsOn }] of Object.entries(app.services))
    if (dependsOn[name] === 'healthy')
      findings.push(
        finding(
          ['services', other, 'depends_on', name],
          `"${name}" runs to its end and is never healthy; wait with "service_completed_successfully"`,
        ),
      );
  return findings;
}

export const neverEnds = (service: ServiceSpec): boolean =>
  service.restart.name === 'always' || service.restart.name === 'unless-stopped';
