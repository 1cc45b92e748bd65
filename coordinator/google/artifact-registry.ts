/** Packages and tags of one Docker repository of Artifact Registry. */
import { z } from 'zod';
import type { GoogleApi } from './google-api.ts';
import { KEEP_PREFIX, type KeepTag } from './keep-tags.ts';

const packagesSchema = z.object({
  packages: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});
const tagsSchema = z.object({
  tags: z.array(z.object({ name: z.string(), version: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

const MOST_PAGES = 1_000;

export class ArtifactRegistry {
  readonly #api: Pick<GoogleApi, 'call'>;
  /** `projects/P/locations/L/repositories/R` */
  readonly #repository: string;

  /** @param prefix `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY` */
  constructor(api: Pick<GoogleApi, 'call'>, prefix: string) {
    const [host = '', project = '', repository = ''] = prefix.split('/');
    this.#api = api;
    this.#repository = `projects/${project}/locations/${host.replace(/-docker\.pkg\.dev$/, '')}/repositories/${repository}`;
  }

  /** @throws GOOGLE_UNAVAILABLE, GOOGLE_DENIED */
  async keepTags(): Promise<readonly KeepTag[]> {
    const found: KeepTag[] = [];
    for (const name of await this.#packages()) {
      const pages = this.#pages(`list the tags of ${name}`, `${this.#packageName(name)}/tags`, tagsSchema);
      for await (const page of pages) {
        for (const { name: tagName, version } of page.tags) {
          const tag = lastPart(tagName);
          if (tag.startsWith(KEEP_PREFIX)) found.push({ package: name, tag, digest: lastPart(version) });
        }
      }
    }
    return found;
  }

  /** @returns false where the registry has no such image any more */
  async add(tag: KeepTag): Promise<boolean> {
    const parent = `${this.#packageName(tag.package)}/tags`;
    const reply = await this.#api.call({
      what: `tag ${tag.package}@${tag.digest} as ${tag.tag}`,
      method: 'POST',
      url: `${address(parent)}?tagId=${encodeURIComponent(tag.tag)}`,
      body: { name: `${parent}/${tag.tag}`, version: this.#versionName(tag) },
      // There already: somebody was quicker, and the next look compares it.
      expects: [404, 409],
    });
    return reply.status !== 404;
  }

  async move(tag: KeepTag): Promise<void> {
    const name = `${this.#packageName(tag.package)}/tags/${tag.tag}`;
    await this.#api.call({
      what: `move the tag ${tag.tag} of ${tag.package}`,
      method: 'PATCH',
      url: `${address(name)}?updateMask=version`,
      body: { name, version: this.#versionName(tag) },
      expects: [404],
    });
  }

  async remove(tag: KeepTag): Promise<void> {
    const url = address(`${this.#packageName(tag.package)}/tags/${tag.tag}`);
    await this.#api.call({ what: `take the tag ${tag.tag} off ${tag.package}`, method: 'DELETE', url, expects: [404] });
  }

  async #packages(): Promise<readonly string[]> {
    const names: string[] = [];
    const parent = `${this.#repository}/packages`;
    for await (const page of this.#pages(`list the packages of ${this.#repository}`, parent, packagesSchema))
      for (const { name } of page.packages) names.push(decodeURIComponent(lastPart(name)));
    return names;
  }

  async *#pages<T extends { readonly nextPageToken?: string | undefined }>(
    what: string,
    collection: string,
    schema: z.ZodType<T>,
  ): AsyncGenerator<T> {
    let token = '';
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({ pageSize: '1000', ...(token === '' ? {} : { pageToken: token }) });
      const url = `${address(collection)}?${query.toString()}`;
      const { body } = await this.#api.call({ what, method: 'GET', url });
      const parsed = schema.parse(body);
      yield parsed;
      token = parsed.nextPageToken ?? '';
      if (token === '') return;
    }
  }

  /** Slashes of an image's name are escaped: a package is one part of the path. */
  #packageName(name: string): string {
    return `${this.#repository}/packages/${encodeURIComponent(name)}`;
  }

  #versionName({ package: name, digest }: KeepTag): string {
    return `${this.#packageName(name)}/versions/${digest}`;
  }
}

const address = (name: string): string => `https://artifactregistry.googleapis.com/v1/${name}`;
const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
