/**
 * The images that the others begin with (Node, Caddy, a registry), made by scripts/engine.sh from this machine's own
 * programs when the stack is applied. They are shared by fleets and by the tests, and stay when the fleet goes.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DataResource } from 'cdktf';
import { Construct } from 'constructs';
import { CHECKOUT } from './on-destroy.ts';

export class BaseImages extends Construct {
  readonly made: DataResource;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const recipe = readFileSync(path.join(CHECKOUT, 'scripts/engine/base-images.sh'));
    this.made = new DataResource(this, 'made', {
      // Another recipe makes them anew; the same one leaves a further plan empty.
      triggersReplace: { recipe: createHash('sha256').update(recipe).digest('hex') },
      provisioners: [{ type: 'local-exec', workingDir: CHECKOUT, command: 'bash scripts/engine.sh local-images-up' }],
    });
  }
}
