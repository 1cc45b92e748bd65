/**
 * What the parts of a local fleet are called and where they are reached: pure, and the same for the same fleet.yaml, so
 * that a further plan is empty. Two fleets on one engine need two names and ports that do not meet; the name also
 * decides the addresses of their app networks (10.224.0.0 to 10.239.255.255, a /22 for each host, of which fleet.yaml takes 50 at most).
 */
import type { LocalConfig } from '../fleet-file/fleet-config.ts';

export const LOCAL_POOL = 'local';

export interface LocalLayout {
  readonly fleet: string;
  readonly programsImage: string;
  readonly coordinator: { readonly name: string; readonly volume: string; readonly address: string };
  readonly enrolment: { readonly name: string; readonly volume: string };
  readonly registry: {
    readonly name: string;
    readonly volume: string;
    readonly network: string;
    readonly subnet: string;
    readonly port: number;
    /** First part of the image names that are pushed to it. */
    readonly prefix: string;
  };
  readonly hosts: readonly LocalHost[];
}

export interface LocalHost {
  /** In Longshore: `host-1`. */
  readonly name: string;
  readonly container: string;
  readonly volume: string;
  readonly ingressPort: number;
  readonly subnetPool: string;
}

export function layOutLocal(fleet: string, local: LocalConfig): LocalLayout {
  const network = `10.${networkOf(fleet)}`;
  const name = (part: string): string => `${fleet}-${part}`;
  return {
    fleet,
    programsImage: `longshore.local/${fleet}/programs:local`,
    coordinator: {
      name: name('coordinator'),
      volume: name('coordinator-data'),
      address: `127.0.0.1:${local.coordinatorPort}`,
    },
    enrolment: { name: name('enrolment'), volume: name('enrolment') },
    registry: {
      name: name('registry'),
      volume: name('registry-data'),
      network: name('registry'),
      subnet: `${network}.255.0/28`,
      port: local.registryPort,
      prefix: `127.0.0.1:${local.registryPort}`,
    },
    hosts: Array.from({ length: local.hosts }, (_, index) => ({
      name: `host-${index + 1}`,
      container: name(`host-${index + 1}`),
      volume: name(`host-${index + 1}-data`),
      ingressPort: local.ingressPort + index,
      subnetPool: `${network}.${index * 4}.0/22`,
    })),
  };
}

function networkOf(fleet: string): number {
  let sum = 0;
  for (const char of fleet) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
  return 224 + (sum % 16);
}

/** `agent.yaml` of one host. Where its data is says a variable, since only the engine knows that beforehand. */
export function renderAgentConfig(host: LocalHost, layout: LocalLayout): string {
  return [
    `coordinator: ws://${layout.coordinator.address}`,
    `enroll_token_file: ${ENROLL_TOKEN_FILE}`,
    `name: ${host.name}`,
    // People reach the host there; agents of one engine cannot be told apart by their machine's name.
    'labels: { address: 127.0.0.1 }',
    `subnet_pool: ${host.subnetPool}`,
    // Many agents share the network of one machine.
    'http_listen: off',
    'ingress:',
    '  image: longshore.local/base/caddy:2',
    `  http_port: ${host.ingressPort}`,
    '  https_port: null',
    '  bind: [127.0.0.1]',
    '',
  ].join('\n');
}

export const ENROLL_FOLDER = '/run/longshore/enroll';
export const ENROLL_TOKEN_FILE = `${ENROLL_FOLDER}/token`;
export const COORDINATOR_FOLDER = '/var/lib/longshore-coordinator';
