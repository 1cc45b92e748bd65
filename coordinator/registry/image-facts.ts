/**
 * What a plan has to know of an image before a host pulls it, read from the registry: the platforms it is made for and
 * the paths it declares as volumes. Hosts look at the image itself, so this is best effort, quick to give up, and null
 * means "not known here".
 */
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import type { Digest } from '../../fleet/ids.ts';
import { parseReference } from './reference.ts';
import type { ImageReference } from './reference.ts';
import { RegistryQuestion } from './registry-client.ts';
import type { RegistryClientOptions, RegistryLogin } from './registry-client.ts';

export interface ImageFacts {
  /** Sorted. */
  readonly volumes: readonly string[] | null;
  /** As `linux/arm/v7`; null also where the image does not name all of them. */
  readonly platforms: readonly string[] | null;
}

export interface ImageFactsReaderOptions {
  readonly login: (registry: string) => Promise<RegistryLogin | null>;
  readonly client: RegistryClientOptions;
}

const word = z.string().max(64);
const platformSchema = z.object({ os: word, architecture: word, variant: word.nullish() });
const descriptorSchema = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  platform: platformSchema.optional(),
});
const manifestSchema = z.union([
  z.object({ config: descriptorSchema }),
  z.object({ manifests: z.array(descriptorSchema).min(1) }),
]);
const configSchema = z.object({
  os: word.default(''),
  architecture: word.default(''),
  variant: word.nullish(),
  config: z.object({ Volumes: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

const UNKNOWN: ImageFacts = { volumes: null, platforms: null };

/** A registry that did not answer is left alone for so long: every plan would wait for it. */
const REST_MS = 60_000;
const MOST_REMEMBERED = 1_000;

export class ImageFactsReader {
  readonly #options: ImageFactsReaderOptions;
  /** By digest and platform: what a digest names never changes. */
  readonly #remembered = new Map<string, ImageFacts>();
  readonly #silentUntil = new Map<string, number>();

  constructor(options: ImageFactsReaderOptions) {
    this.#options = options;
  }

  /** @param platform whose volumes to read; null = any platform of Linux */
  async of(reference: string, digest: Digest, platform: string | null): Promise<ImageFacts> {
    const key = `${digest} ${platform ?? ''}`;
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const image = parseReference(reference);
    const now = this.#options.client.now();
    if ((this.#silentUntil.get(image.registry) ?? 0) > now) return UNKNOWN;
    let facts = UNKNOWN;
    try {
      await this.#read(image, digest, platform, (found) => (facts = found));
      if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(key, facts);
      this.#silentUntil.delete(image.registry);
    } catch (error) {
      const isSilent = error instanceof LongshoreError && error.code === 'REGISTRY_UNAVAILABLE';
      if (isSilent) this.#silentUntil.set(image.registry, this.#options.client.now() + REST_MS);
    }
    return facts;
  }

  /** @param onFound after each answer: an index names its platforms, also where a configuration cannot be read */
  async #read(
    image: ImageReference,
    digest: Digest,
    platform: string | null,
    onFound: (facts: ImageFacts) => void,
  ): Promise<void> {
    const question = new RegistryQuestion(image, this.#options.client);
    const login = await this.#options.login(image.registry);
    const manifest = async (of: string): Promise<z.infer<typeof manifestSchema>> =>
      manifestSchema.parse(await question.json(`manifests/${of}`, login));
    const top = await manifest(digest);
    const indexed = 'manifests' in top ? platformsOf(top.manifests.map((each) => each.platform ?? null)) : null;
    onFound({ volumes: null, platforms: indexed });
    const single = 'manifests' in top ? await manifest(pick(top.manifests, platform).digest) : top;
    if ('manifests' in single) throw new Error('an index inside of an index');
    const found = configSchema.parse(await question.json(`blobs/${single.config.digest}`, login));
    const platforms = 'manifests' in top ? indexed : platformsOf([found]);
    onFound({ volumes: Object.keys(found.config?.Volumes ?? {}).sort(), platforms });
  }
}

type Descriptor = z.infer<typeof descriptorSchema>;

/** Null where one of them is not named: it may fit any host. Attestations, which BuildKit adds, are no images. */
function platformsOf(named: readonly (z.infer<typeof platformSchema> | null)[]): readonly string[] | null {
  const platforms = new Set<string>();
  for (const each of named) {
    if (each === null || each.os === '' || each.architecture === '') return null;
    const { os, architecture, variant } = each;
    if (os !== 'unknown') platforms.add([os, architecture, ...((variant ?? '') === '' ? [] : [variant])].join('/'));
  }
  return platforms.size === 0 ? null : [...platforms].sort();
}

/** Images of several platforms are made by one recipe: another platform's declaration is as good. */
function pick(manifests: readonly Descriptor[], platform: string | null): Descriptor {
  const [os = 'linux', architecture] = platform?.split('/') ?? [];
  const fitting = manifests.filter((each) => each.platform?.os === os);
  const found = fitting.find((each) => each.platform?.architecture === architecture) ?? fitting[0] ?? manifests[0];
  if (found === undefined) throw new Error('an index without manifests');
  return found;
}
