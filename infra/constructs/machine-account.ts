/** The service account of one role: a pool's machines, or the coordinator. It holds no role but those given to it. */
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';

export interface MachineAccountProps {
  readonly accountId: string;
  readonly displayName: string;
  readonly services: ITerraformDependable[];
}

export class MachineAccount extends Construct {
  readonly account: ServiceAccount;

  constructor(scope: Construct, id: string, { accountId, displayName, services }: MachineAccountProps) {
    super(scope, id);
    this.account = new ServiceAccount(this, 'account', { accountId, displayName, dependsOn: services });
  }

  get email(): string {
    return this.account.email;
  }

  /** As it stands in policies. */
  get member(): string {
    return this.account.member;
  }
}
