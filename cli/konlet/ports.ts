/**
 * Ports of a konlet container. It shared the network of its machine, so that nothing in its declaration says where it
 * listens: a person says it, or it follows from the variable PORT or from the tags that open 80 and 443.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { KonletImport } from './workload.ts';

export interface ImportedPort {
  /** HTTP goes through the ingress; others are published by the engine. */
  readonly protocol: 'http' | 'tcp' | 'udp';
  readonly port: number;
}

export interface FoundPorts {
  readonly ports: readonly ImportedPort[];
  /** Null where a person has said them. */
  readonly because: string | null;
}

/** @throws INPUT_INVALID */
export function parsePort(text: string): ImportedPort {
  const [, digits, protocol = 'http'] = /^(\d{1,5})(?:\/(http|tcp|udp))?$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535)
    throw new LongshoreError('INPUT_INVALID', `read the port \`${text}\`: it is not PORT, PORT/tcp or PORT/udp`, {
      hint: 'For example --port 8080 for HTTP, --port 5432/tcp for anything else.',
    });
  return { port, protocol: protocol === 'tcp' || protocol === 'udp' ? protocol : 'http' };
}

/** What can be told without a person. */
export function guessPorts({ workload, machine }: KonletImport): FoundPorts {
  const said = workload.env.find(([name]) => name === 'PORT')?.[1] ?? '';
  if (/^\d{1,5}$/.test(said) && Number(said) >= 1 && Number(said) <= 65_535)
    return { ports: [{ port: Number(said), protocol: 'http' }], because: 'the variable PORT' };
  if (machine?.tags.includes('http-server') === true)
    return { ports: [{ port: 80, protocol: 'http' }], because: 'the tag http-server, which opened port 80' };
  return { ports: [], because: null };
}
