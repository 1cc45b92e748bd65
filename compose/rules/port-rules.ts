/** Host ports: taken once per host, and never by an old and a new instance at the same time. */
import type { AppSpec, PortSpec, ServiceSpec } from '../../fleet/app-spec.ts';
import { type Finding, finding } from './finding.ts';

export function portFindings(app: AppSpec): readonly Finding[] {
  return [...Object.entries(app.services).flatMap(([name, service]) => own(name, service)), ...clashes(app)];
}

function own(name: string, service: ServiceSpec): readonly Finding[] {
  const path = ['services', name];
  const findings: Finding[] = [];
  service.ports.forEach((port, index) => {
    if (!isPort(port.container) || (port.host !== null && !isPort(port.host)))
      findings.push(finding([...path, 'ports', index], 'ports are from 1 to 65535'));
  });
  const fixed = service.ports.find((port) => port.host !== null);
  if (fixed !== undefined && service.order === 'start-first')
    findings.push(
      finding(
        [...path, 'deploy', 'update_config', 'order'],
        `start-first needs old and new at once, but both want the host port ${fixed.host ?? 0}; use stop-first, or ` +
          'take HTTP through x-longshore.ingress instead of "ports"',
      ),
    );
  if (service.networkMode !== 'app' && service.ports.length > 0) {
    const why =
      service.networkMode === 'host' ? 'the container has the ports of the host already' : 'there is no network';
    findings.push(finding([...path, 'ports'], `with "network_mode: ${service.networkMode}" ${why}; leave "ports" out`));
  }
  return findings;
}

function clashes(app: AppSpec): readonly Finding[] {
  const taken: { readonly port: PortSpec; readonly service: string }[] = [];
  const findings: Finding[] = [];
  for (const [service, spec] of Object.entries(app.services)) {
    spec.ports.forEach((port, index) => {
      if (port.host === null) return;
      const other = taken.find((one) => clash(one.port, port));
      if (other !== undefined)
        findings.push(
          finding(
            ['services', service, 'ports', index],
            `the host port ${port.host} is taken by service "${other.service}"`,
          ),
        );
      taken.push({ port, service });
    });
  }
  return findings;
}

function clash(a: PortSpec, b: PortSpec): boolean {
  if (a.host !== b.host || a.protocol !== b.protocol) return false;
  const everywhere = (ip: string | null): boolean => ip === null || ip === '0.0.0.0' || ip === '::';
  return everywhere(a.hostIp) || everywhere(b.hostIp) || a.hostIp === b.hostIp;
}

export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
