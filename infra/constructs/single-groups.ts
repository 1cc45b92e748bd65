/** Unmanaged groups, one per zone: the form in which balancers take machines of their own. */
import { ComputeInstanceGroup } from '@cdktf/provider-google/lib/compute-instance-group/index.js';
import { Construct } from 'constructs';

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
          name: `${name}-${zone}`,
          zone,
          instances: machines.filter((machine) => machine.zone === zone).map(({ link }) => link),
          namedPort: [{ name: 'http', port: 80 }],
        }).id,
    );
  }
}
