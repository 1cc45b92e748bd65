/**
 * Who may open a connection to which machine. Everything else is refused: by Google's own last rule, and by one of ours
 * that a reader of the rules sees. The whole internet reaches 80 and 443 only, of machines that are there for it, unless the fleet file says otherwise.
 * Pure; machines are named by their role, since a rule holds for an account and not for an address.
 */
import type { FleetConfig, PoolConfig, PoolOpening } from '../fleet-file/fleet-config.ts';
import { shortHash } from '../short-hash.ts';
import { BALANCER_RANGES, EVERYWHERE, IAP_RANGE, PASSTHROUGH_PROBE_RANGES } from './google-ranges.ts';
import { HEALTH_PORT } from './machine-metadata.ts';

export interface FirewallRule {
  /** Unique in the fleet. */
  readonly name: string;
  /** `coordinator`, or a pool's name. */
  readonly target: string;
  readonly ports: readonly (number | string)[];
  /** IPv4 ranges. */
  readonly sources: readonly string[];
  /** Pool whose machines may; in place of ranges. */
  readonly sourcePool?: string;
  readonly why: string;
}

export function firewallRules(fleet: FleetConfig): readonly FirewallRule[] {
  return [
    ...coordinatorRules(fleet),
    ...(fleet.coordinator.ssh === 'none' ? [] : [loginRule('coordinator')]),
    ...fleet.pools.flatMap(poolRules),
  ];
}

function coordinatorRules({ coordinator, network }: FleetConfig): readonly FirewallRule[] {
  const { domain, isPublic, allowFrom } = coordinator;
  const target = 'coordinator';
  if (isPublic && allowFrom === null)
    return [
      {
        name: target,
        target,
        // 80 is for the certificate's proof and the redirect; without a name nobody needs it.
        ports: domain === null ? [443] : [80, 443],
        sources: [EVERYWHERE],
        why: 'People and agents reach the coordinator over TLS',
      },
    ];
  const people = [...(allowFrom ?? []), ...(isPublic ? [] : [IAP_RANGE])];
  return [
    {
      name: target,
      target,
      ports: [443],
      sources: [network.range, ...people],
      why: 'Hosts of the fleet and chosen ranges reach the coordinator over TLS',
    },
    ...(domain === null
      ? []
      : [
          {
            name: 'coordinator-proof',
            target,
            ports: [80],
            sources: [EVERYWHERE],
            why: 'The certificate is proved from the internet; everything else is sent over to TLS',
          },
        ]),
  ];
}

function poolRules(pool: PoolConfig): readonly FirewallRule[] {
  const probes = probeSources(pool);
  return [
    ...ingressRules(pool),
    ...pool.allow.map((opening) => openingRule(pool, opening)),
    ...(probes.length === 0
      ? []
      : [
          {
            name: `${pool.name}-probes`,
            target: pool.name,
            ports: [HEALTH_PORT],
            sources: probes,
            why: "Google's probes ask the health listener",
          },
        ]),
    ...(pool.ssh === 'none' ? [] : [loginRule(pool.name)]),
  ];
}

function ingressRules(pool: PoolConfig): readonly FirewallRule[] {
  switch (pool.ingress.kind) {
    case 'none':
      return [];
    case 'https-lb':
      return [
        {
          name: `${pool.name}-ingress`,
          target: pool.name,
          ports: [80],
          sources: BALANCER_RANGES,
          why: 'Only the balancer reaches the ingress',
        },
      ];
    case 'address':
    case 'network-lb':
      return [
        {
          name: `${pool.name}-ingress`,
          target: pool.name,
          ports: [80, 443],
          sources: [EVERYWHERE],
          why: 'Everybody reaches the ingress',
        },
      ];
  }
}

function openingRule(pool: PoolConfig, { from, ports }: PoolOpening): FirewallRule {
  const text = 'pool' in from ? from.pool : from.range;
  return {
    // By a hash, as no two pairs of pool and source may meet in one name.
    name: `${pool.name}-allow-${shortHash(text)}`,
    target: pool.name,
    ports,
    sources: 'pool' in from ? [] : [from.range],
    ...('pool' in from ? { sourcePool: from.pool } : {}),
    why: 'pool' in from ? `Machines of pool ${text} reach it` : `${text} reaches it`,
  };
}

function probeSources(pool: PoolConfig): readonly string[] {
  const sources = [
    ...(pool.ingress.kind === 'network-lb' ? PASSTHROUGH_PROBE_RANGES : []),
    ...(pool.ingress.kind === 'https-lb' || pool.autohealing ? BALANCER_RANGES : []),
  ];
  return [...new Set(sources)].sort();
}

function loginRule(target: string): FirewallRule {
  return {
    name: `${target}-login`,
    target,
    ports: [22],
    sources: [IAP_RANGE],
    why: 'SSH only through Identity-Aware Proxy',
  };
}
