/** Routes: each host and path once per service, one kind of TLS per host, and a network to be reached on. */
import type { AppSpec, IngressRoute } from '../../fleet/app-spec.ts';
import { type Finding, finding } from './finding.ts';
import { isPort } from './port-rules.ts';

const HOST = /^(?:\*|(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*)$/;

export function ingressFindings(app: AppSpec): readonly Finding[] {
  const tlsOf = new Map<string, { readonly tls: IngressRoute['tls']; readonly service: string }>();
  return Object.entries(app.services).flatMap(([name, service]) => {
    const seen = new Set<string>();
    const findings: Finding[] = [];
    if (service.ingress.length > 0 && service.networkMode !== 'app')
      findings.push(
        finding(
          ['services', name, 'x-longshore', 'ingress'],
          `with "network_mode: ${service.networkMode}" the ingress does not reach it; leave network_mode out`,
        ),
      );
    service.ingress.forEach((route, index) => {
      const path = ['services', name, 'x-longshore', 'ingress', index];
      const say = (message: string): number => findings.push(finding(path, message));
      const key = `${route.host}${route.path}`;
      const tls = tlsOf.get(route.host);
      for (const message of routeFaults(route)) say(message);
      if (seen.has(key)) say(`${key} is routed to this service twice`);
      if (tls !== undefined && tls.tls !== route.tls)
        say(`${route.host} has "tls: ${tls.tls}" at service "${tls.service}"; one host has one kind`);
      seen.add(key);
      tlsOf.set(route.host, tls ?? { tls: route.tls, service: name });
    });
    return findings;
  });
}

function routeFaults(route: IngressRoute): readonly string[] {
  const faults: string[] = [];
  if (!HOST.test(route.host) || route.host.length > 253)
    faults.push(`"${route.host}" is not a host name (lower-case, without scheme and port), *.NAME or *`);
  if (!/^\/[^\s?#*{}]*$/.test(route.path)) faults.push(`"${route.path}" is not a path; it starts with "/"`);
  if (!isPort(route.port)) faults.push('the port is from 1 to 65535');
  if (route.tls === 'internal' && route.host === '*')
    faults.push('"tls: internal" needs a host name: a certificate is made for names and "*" is not one; name the host');
  if (route.tls === 'auto' && route.host === '*')
    faults.push('a certificate cannot be fetched for "*"; name the host, or use "tls: off"');
  else if (route.tls === 'auto' && route.host.startsWith('*'))
    faults.push(`a certificate cannot be fetched for "${route.host}"; use "tls: internal" or "tls: off"`);
  if (route.stripPrefix && route.path === '/') faults.push('"strip_prefix" needs a path to take off');
  return faults;
}
