/**
 * Reference -> digest for the whole fleet, frugally: questions for one reference that are under way are
 * merged, and a short memory answers the hosts that tick in the same minute. A person's deployment asks anew, since
 * what he pushed a second ago must count. Where this machine cannot reach the registry, one host is asked instead.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { Digest } from '../../fleet/ids.ts';
import { parseReference } from './reference.ts';
import type { ImageReference } from './reference.ts';

export interface DigestResolverOptions {
  /** @throws IMAGE_NOT_FOUND, REGISTRY_* */
  readonly head: (image: ImageReference) => Promise<Digest>;
  /** Lets a connected host ask. Null = none can. @throws HOST_OFFLINE, IMAGE_NOT_FOUND, REGISTRY_* */
  readonly askHost: (reference: string) => Promise<Digest | null>;
  readonly now: () => number;
  readonly rememberMs: number;
}

interface Remembered {
  readonly digest: Digest;
  readonly at: number;
}

const MOST_REMEMBERED = 10_000;

export class DigestResolver {
  readonly #options: DigestResolverOptions;
  readonly #underWay = new Map<string, Promise<Digest>>();
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: DigestResolverOptions) {
    this.#options = options;
  }

  /** @param fresh a person asks: memory does not count. @throws INPUT_INVALID, IMAGE_NOT_FOUND, REGISTRY_* */
  async resolve(reference: string, fresh: boolean): Promise<Digest> {
    const image = parseReference(reference);
    if (image.digest !== null) return image.digest;
    const key = `${image.registry}/${image.repository}:${image.tag}`;
    const remembered = this.#remembered.get(key);
    if (!fresh && remembered !== undefined && this.#options.now() - remembered.at < this.#options.rememberMs)
      return remembered.digest;
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const question = this.#ask(image, reference);
    this.#underWay.set(key, question);
    try {
      const digest = await question;
      this.#remember(key, digest);
      return digest;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #ask(image: ImageReference, reference: string): Promise<Digest> {
    try {
      return await this.#options.head(image);
    } catch (error) {
      if (!(error instanceof LongshoreError) || error.code !== 'REGISTRY_UNAVAILABLE') throw error;
      const answer = await this.#options.askHost(reference).catch((fromHost: unknown) => {
        // A host without an answer says nothing about the registry; what this machine saw does.
        const isAnswer =
          fromHost instanceof LongshoreError && fromHost.code !== 'HOST_OFFLINE' && fromHost.code !== 'TIMEOUT';
        if (isAnswer) throw fromHost;
        return null;
      });
      if (answer === null) throw error;
      return answer;
    }
  }

  #remember(key: string, digest: Digest): void {
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, { digest, at: this.#options.now() });
  }
}
