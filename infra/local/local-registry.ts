/** A registry on loopback, in a network of its own, with its images in a volume. */
import { Container } from '@cdktf/provider-docker/lib/container/index.js';
import { Image } from '@cdktf/provider-docker/lib/image/index.js';
import { Network } from '@cdktf/provider-docker/lib/network/index.js';
import { Volume } from '@cdktf/provider-docker/lib/volume/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { onDestroy } from './on-destroy.ts';
import type { LocalLayout } from './local-layout.ts';
import { LOG_OPTIONS, stackLabel } from './container-habits.ts';

const IMAGE = 'longshore.local/base/registry:2';

export interface LocalRegistryProps {
  readonly layout: LocalLayout;
  readonly after: readonly ITerraformDependable[];
}

export class LocalRegistry extends Construct {
  readonly container: Container;

  constructor(scope: Construct, id: string, { layout, after }: LocalRegistryProps) {
    super(scope, id);
    const { registry, fleet } = layout;
    const network = new Network(this, 'network', {
      name: registry.network,
      ipamConfig: [{ subnet: registry.subnet }],
      labels: [stackLabel(fleet)],
    });
    const data = new Volume(this, 'data', {
      name: registry.volume,
      labels: [stackLabel(fleet)],
      // Names of images whose registry is gone mean nothing any more.
      provisioners: [onDestroy(`scripts/local/forget-images.ts '${registry.prefix}'`)],
    });
    // Shared by fleets, so that it stays.
    const image = new Image(this, 'image', { name: IMAGE, keepLocally: true, dependsOn: [...after] });
    this.container = new Container(this, 'container', {
      name: registry.name,
      image: image.imageId,
      env: ['REGISTRY_STORAGE_DELETE_ENABLED=true'],
      networksAdvanced: [{ name: network.name }],
      ports: [{ internal: 5000, external: registry.port, ip: '127.0.0.1' }],
      volumes: [{ volumeName: data.name, containerPath: '/var/lib/registry' }],
      labels: [stackLabel(fleet)],
      restart: 'unless-stopped',
      ...LOG_OPTIONS,
    });
  }
}
