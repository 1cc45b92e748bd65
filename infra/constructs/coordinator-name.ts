/** The A record of the coordinator's name, in a zone of Cloud DNS that is there already. */
import { DnsRecordSet } from '@cdktf/provider-google/lib/dns-record-set/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';

export interface CoordinatorNameProps {
  readonly domain: string;
  readonly zone: string;
  readonly address: string;
  readonly services: ITerraformDependable[];
}

export class CoordinatorName extends Construct {
  constructor(scope: Construct, id: string, { domain, zone, address, services }: CoordinatorNameProps) {
    super(scope, id);
    new DnsRecordSet(this, 'record', {
      managedZone: zone,
      name: `${domain}.`,
      type: 'A',
      ttl: 300,
      rrdatas: [address],
      dependsOn: services,
    });
  }
}
