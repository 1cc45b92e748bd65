/** Unmanaged groups, one per zone: the form in which balancers take machines of their own. */
import { ComputeInstanceGroup } from '@cdktf/provider-google/lib/compute-instance-group/index.js';
import { Construct } from 'constructs';
import { AFTER_ITS_USERS } from './after-its-users.ts';

export interface SingleGroupsProps {
  /** Fleet and pool. */
  readonly name: string;
  readonly zones: readonly string[];
  readonly machines: readonly { readonly zone: string; readonly link: string }[];
}

export class SingleGroups extends Construct {
  readonly groups: readonly string[];

  constructor(scope: Construct, id: string, { name, zones, machines }: SingleGroupsProps) {
    super(scope, id);
    this.groups = zones.map(
      (zone) =>
        new ComputeInstanceGroup(this, zone, {
          // Not the name of a managed group, which makes one of this kind under its own.
          name: `${name}-${zone}-own`,
          zone,
          instances: machines.filter((machine) => machine.zone === zone).map(({ link }) => link),
          namedPort: [{ name: 'http', port: 80 }],
          lifecycle: AFTER_ITS_USERS,
        }).id,
    );
  }
}
