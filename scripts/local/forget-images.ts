// `forget-images.ts PREFIX`: takes the names of images that begin with PREFIX/ off the engine. Run by Terraform when the
// registry of a local fleet is destroyed.
import { openDocker } from '../engine/open-docker.ts';
import { removeImages } from '../engine/remove-labelled.ts';

const prefix = process.argv[2] ?? '';
if (!/^[\w.:-]+$/.test(prefix)) throw new Error(`forget-images: ${prefix} is no registry`);
await removeImages(openDocker(), [`${prefix}/*`, `${prefix}/*/*`]);
