/** The rules of `firewall-rules.ts` in the fleet's network, each held to the account of the machines that it is for. */
import { ComputeFirewall } from '@cdktf/provider-google/lib/compute-firewall/index.js';
import { Construct } from 'constructs';
import type { FirewallRule } from './firewall-rules.ts';
import { EVERYWHERE } from './google-ranges.ts';

export interface FleetFirewallProps {
  readonly fleet: string;
  readonly network: string;
  readonly rules: readonly FirewallRule[];
  /** Address of the service account of a rule's target. */
  readonly accountOf: (target: string) => string;
}

export class FleetFirewall extends Construct {
  readonly #refusal: ComputeFirewall;
  readonly #rules: readonly { readonly target: string; readonly rule: ComputeFirewall }[];

  constructor(scope: Construct, id: string, { fleet, network, rules, accountOf }: FleetFirewallProps) {
    super(scope, id);
    this.#refusal = new ComputeFirewall(this, 'refuse-rest', {
      name: `${fleet}-refuse-rest`,
      description: 'What no other rule allows is refused',
      network,
      direction: 'INGRESS',
      priority: 65_534,
      sourceRanges: [EVERYWHERE],
      deny: [{ protocol: 'all' }],
    });
    this.#rules = rules.map(({ name, target, why, sources, sourcePool, ports }) => ({
      target,
      rule: new ComputeFirewall(this, name, {
        name: `${fleet}-${name}`,
        description: why,
        network,
        direction: 'INGRESS',
        priority: 1_000,
        ...(sourcePool === undefined
          ? { sourceRanges: [...sources] }
          : { sourceServiceAccounts: [accountOf(sourcePool)] }),
        targetServiceAccounts: [accountOf(target)],
        allow: [{ protocol: 'tcp', ports: ports.map(String) }],
      }),
    }));
  }

  /** Everything that holds for the machines of a target. */
  of(target: string): ComputeFirewall[] {
    return [this.#refusal, ...this.#rules.filter((known) => known.target === target).map(({ rule }) => rule)];
  }
}
