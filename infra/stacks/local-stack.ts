/**
 * The fleet on this machine's Docker Engine: registry, coordinator and hosts as containers. No cloud account, no
 * secret in the state. Valid for the provider from 3.6.2 (the binding's) to 4.
 */
import { DockerProvider } from '@cdktf/provider-docker/lib/provider/index.js';
import { LocalBackend, type TerraformElement, TerraformOutput, TerraformStack } from 'cdktf';
import type { Construct, Node } from 'constructs';
import type { LocalConfig } from '../fleet-file/fleet-config.ts';
import { BaseImages } from '../local/base-images.ts';
import { LocalCoordinator } from '../local/local-coordinator.ts';
import { LocalHosts } from '../local/local-hosts.ts';
import { COORDINATOR_FOLDER, layOutLocal, type LocalLayout } from '../local/local-layout.ts';
import { LocalRegistry } from '../local/local-registry.ts';
import { ProgramsImage } from '../local/programs-image.ts';

export interface LocalStackOptions {
  readonly fleet: string;
  readonly local: LocalConfig;
  /** Made by scripts/programs-image; absolute, as all paths here: a saved plan is applied from elsewhere. */
  readonly programsFolder: string;
  readonly statePath: string;
  readonly engineSocket: string;
}

export class LocalStack extends TerraformStack {
  constructor(scope: Construct, id: string, options: LocalStackOptions) {
    super(scope, id);
    const layout = layOutLocal(options.fleet, options.local);
    new LocalBackend(this, { path: options.statePath });
    new DockerProvider(this, 'docker', {});
    this.addOverride('terraform.required_providers.docker.version', '>= 3.6.2, < 5.0.0');

    const after = [new BaseImages(this, 'base-images').made];
    const { image } = new ProgramsImage(this, 'programs', {
      name: layout.programsImage,
      folder: options.programsFolder,
      after,
    });
    const registry = new LocalRegistry(this, 'registry', { layout, after });
    const coordinator = new LocalCoordinator(this, 'coordinator', { layout, imageId: image.imageId });
    new LocalHosts(this, 'hosts', {
      layout,
      imageId: image.imageId,
      image,
      enrolmentVolume: coordinator.enrolmentVolume.name,
      after: [coordinator.enrolment, registry.container],
      engineSocket: options.engineSocket,
    });
    this.#tell(layout);
  }

  /** As in the gcp stack: a person reads `docker_container.registry_container` in a plan, and no hash. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const node = 'path' in element ? element : element.node;
    return node.scopes
      .slice(node.scopes.indexOf(this) + 1)
      .map(({ node: { id } }) => id)
      .join('_');
  }

  #tell({ coordinator, registry, hosts }: LocalLayout): void {
    const outputs = {
      coordinator_url: `http://${coordinator.address}`,
      first_token: `docker exec ${coordinator.name} cat ${COORDINATOR_FOLDER}/admin-token`,
      registry: registry.prefix,
      ingress_urls: hosts.map((host) => `http://127.0.0.1:${host.ingressPort}`),
    };
    for (const [name, value] of Object.entries(outputs))
      new TerraformOutput(this, `output-${name}`, { value }).overrideLogicalId(name);
  }
}
