/**
 * What makes an instance another one: everything that is built into its container, and nothing that the agent
 * can change beside it. So a route, a wave or a replica count changes without a container being replaced, while a
 * probe is part of it: a new probe must pass a gate before it may judge what serves. Pure.
 */
import type { AppSpec, ServiceSpec } from './app-spec.ts';
import { canonicalJson } from './canonical-json.ts';

/** By service: what is hashed for it, and compared for a plan's reasons. */
export type InstanceContent = Readonly<Record<string, unknown>>;

type Beside =
  | 'image'
  | 'gate'
  | 'replicas'
  | 'constraints'
  | 'order'
  | 'orderStated'
  | 'ingress'
  | 'dependsOn'
  | 'run'
  | 'once'
  | 'mounts'
  | 'configs'
  | 'secrets';

/** What sha256 is taken over for the hash `h1:`. @throws Error where the image is not pinned */
export function instanceText(
  spec: AppSpec,
  name: string,
  service: ServiceSpec,
  secretVersions: Readonly<Record<string, number>>,
): string {
  return canonicalJson(instanceContent(spec, name, service, secretVersions));
}

/** @throws Error where an image of the spec is not pinned */
export function instanceContent(
  spec: AppSpec,
  name: string,
  service: ServiceSpec,
  secretVersions: Readonly<Record<string, number>>,
): InstanceContent {
  const {
    image,
    gate: _gate,
    replicas: _replicas,
    constraints: _constraints,
    order: _order,
    orderStated: _orderStated,
    ingress: _ingress,
    dependsOn: _dependsOn,
    run: _run,
    once: _once,
    mounts,
    configs,
    secrets,
    ...built
  } = service;
  if (image.digest === null) throw new Error(`image of service ${name} is not pinned`);
  const rest: Omit<ServiceSpec, Beside> = built;
  return {
    ...rest,
    // The tag is a name for people; what runs is the digest.
    image: { digest: image.digest, platform: image.platform },
    mounts: mounts.map((mount) =>
      mount.kind === 'volume' ? { ...mount, of: spec.volumes[mount.volume] ?? null } : mount,
    ),
    configs: configs.map((use) => ({ ...use, content: spec.configs[use.config]?.content ?? null })),
    secrets: secrets.map((use) => ({
      ...use,
      of: spec.secrets[use.secret]?.name ?? use.secret,
      version: secretVersions[use.secret] ?? null,
    })),
  };
}
