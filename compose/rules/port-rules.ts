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
  const taken = createTakenPorts();
  const findings: Finding[] = [];
  for (const [service, spec] of Object.entries(app.services)) {
    spec.ports.forEach((port, index) => {
      if (port.host === null) return;
      const other = taken.take(port, service);
      if (other !== null)
        findings.push(
          finding(['services', service, 'ports', index], `the host port ${port.host} is taken by service "${other}"`),
        );
    });
  }
  return findings;
}

/** Who has each host port first: on any address, on every address, and on each one. */
function createTakenPorts() {
  const services = new Map<string, string>();
  return {
    /** The service that has it already, or null. */
    take: ({ host, protocol, hostIp }: PortSpec, service: string): string | null => {
      const key = (address: string): string => `${host ?? ''}/${protocol} ${address}`;
      const isEverywhere = hostIp === null || hostIp === '0.0.0.0' || hostIp === '::';
      const clashing = isEverywhere ? ['any'] : ['every', hostIp];
      const other = clashing.map((address) => services.get(key(address))).find((one) => one !== undefined) ?? null;
      for (const address of ['any', isEverywhere ? 'every' : hostIp])
        if (!services.has(key(address))) services.set(key(address), service);
      return other;
    },
  };
}

export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
