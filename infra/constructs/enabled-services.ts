/**
 * Google's services, enabled before anything of theirs is made. They stay enabled when the fleet goes: the project may
 * hold more than this fleet.
 */
import { ProjectService } from '@cdktf/provider-google/lib/project-service/index.js';
import { Construct } from 'constructs';

export class EnabledServices extends Construct {
  /** What has no other resource of the fleet in front of it depends on these. */
  readonly all: ProjectService[];

  constructor(scope: Construct, id: string, names: readonly string[]) {
    super(scope, id);
    this.all = names.map(
      (name) =>
        new ProjectService(this, name.replace(/\..*$/, ''), {
          service: name,
          disableOnDestroy: false,
          disableDependentServices: false,
        }),
    );
  }
}
