/** The image of all programs, built by the engine from the folder that scripts/programs-image makes. */
import { Image } from '@cdktf/provider-docker/lib/image/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { contentHash } from './content-hash.ts';

export interface ProgramsImageProps {
  readonly name: string;
  /** Absolute: a saved plan is applied from elsewhere. */
  readonly folder: string;
  readonly after: readonly ITerraformDependable[];
}

export class ProgramsImage extends Construct {
  readonly image: Image;

  constructor(scope: Construct, id: string, { name, folder, after }: ProgramsImageProps) {
    super(scope, id);
    this.image = new Image(this, 'image', {
      name,
      buildAttribute: { context: folder },
      dependsOn: [...after],
      // The engine is asked to build again only when the programs have changed.
      triggers: { content: contentHash(folder) },
    });
  }
}
