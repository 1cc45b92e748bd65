/**
 * Which paths an image declares as volumes, read from its configuration in the registry, for plans to name. Only for
 * people: hosts look at the image itself. So it is best effort, quick to give up, and null means "not known here".
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { Digest } from '../../fleet/ids.ts';
import { parseReference } from './reference.ts';
import type { ImageReference } from './reference.ts';
import { RegistryQuestion } from './registry-client.ts';
import type { RegistryClientOptions, RegistryLogin } from './registry-client.ts';

export interface ImageVolumesOptions {
  readonly login: (registry: string) => Promise<RegistryLogin | null>;
  readonly client: RegistryClientOptions;
}

const descriptorSchema = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
});
const manifestSchema = z.union([
  z.object({ config: descriptorSchema }),
  z.object({ manifests: z.array(descriptorSchema).min(1) }),
]);
const configSchema = z.object({
  config: z.object({ Volumes: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** A registry that did not answer is left alone for so long: every plan would wait for it. */
const REST_MS = 60_000;
const MOST_REMEMBERED = 1_000;

export class ImageVolumes {
  readonly #options: ImageVolumesOptions;
  /** By digest and platform: what a digest names never changes. */
  readonly #remembered = new Map<string, readonly string[]>();
  readonly #silentUntil = new Map<string, number>();

  constructor(options: ImageVolumesOptions) {
    this.#options = options;
  }

  /** Null where it cannot be read. */
  async of(reference: string, digest: Digest, platform: string | null): Promise<readonly string[] | null> {
    const key = `${digest} ${platform ?? ''}`;
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const image = parseReference(reference);
    const now = this.#options.client.now();
    if ((this.#silentUntil.get(image.registry) ?? 0) > now) return null;
    try {
      const volumes = await this.#read(image, digest, platform);
      if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(key, volumes);
      this.#silentUntil.delete(image.registry);
      return volumes;
    } catch (error) {
      const isSilent = error instanceof LongshoreError && error.code === 'REGISTRY_UNAVAILABLE';
      if (isSilent) this.#silentUntil.set(image.registry, this.#options.client.now() + REST_MS);
      return null;
    }
  }

  async #read(image: ImageReference, digest: Digest, platform: string | null): Promise<readonly string[]> {
    const question = new RegistryQuestion(image, this.#options.client);
    const login = await this.#options.login(image.registry);
    const manifest = async (of: string): Promise<z.infer<typeof manifestSchema>> =>
      manifestSchema.parse(await question.json(`manifests/${of}`, login));
    let found = await manifest(digest);
    if ('manifests' in found) found = await manifest(pick(found.manifests, platform).digest);
    if ('manifests' in found) throw new Error('an index inside of an index');
    const { config } = configSchema.parse(await question.json(`blobs/${found.config.digest}`, login));
    return Object.keys(config?.Volumes ?? {}).sort();
  }
}

type Descriptor = z.infer<typeof descriptorSchema>;

/** Images of several platforms are made by one recipe: another platform's declaration is as good. */
function pick(manifests: readonly Descriptor[], platform: string | null): Descriptor {
  const [os = 'linux', architecture] = platform?.split('/') ?? [];
  const fitting = manifests.filter((each) => each.platform?.os === os);
  const found = fitting.find((each) => each.platform?.architecture === architecture) ?? fitting[0] ?? manifests[0];
  if (found === undefined) throw new Error('an index without manifests');
  return found;
}
