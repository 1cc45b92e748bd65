/**
 * Images on the host's disk: which are there, which are held, and letting go of them. An image is held by
 * tags of ours that carry the host's id; letting go removes such a tag, never by force, so what another host, another
 * tool or a container still needs stays.
 *
 * A pull by digest leaves a name `repository@sha256:...` without tag, which would keep the image for ever. What this
 * host pulled it therefore marks (`pulled:<hex>`), and the digest name goes with the last tag of ours or anybody's.
 */
import type { AppName, Digest, HostId } from '../../fleet/ids.ts';
import type { Clock } from '../clock.ts';
import type { HeldImage, ImageFacts, PullRequest } from './container-engine.ts';
import type { Connection, EngineClient } from './engine-client.ts';
import { toFailure } from './engine-error.ts';
import { holdPattern, holdRepository, isPulledTag, parseHoldTag, pulledRepository, pulledTag } from './engine-names.ts';
import { parseImageReference, pinnedReference } from '../../fleet/image-reference.ts';

const SWEEP_AFTER_MS = 3_600_000;

type InspectedImage = Awaited<ReturnType<ReturnType<Connection['docker']['getImage']>['inspect']>>;

export type PulledImage =
  | { readonly kind: 'adopted'; readonly facts: ImageFacts }
  | { readonly kind: 'gone' }
  /** `linux/arm64` where `linux/amd64` is wanted. */
  | { readonly kind: 'foreign'; readonly platform: string; readonly wanted: string };

export class ImageStore {
  readonly #client: EngineClient;
  readonly #host: HostId;
  readonly #clock: Clock;

  constructor(client: EngineClient, host: HostId, clock: Clock) {
    this.#client = client;
    this.#host = host;
    this.#clock = clock;
  }

  async find(request: PullRequest): Promise<ImageFacts | null> {
    return this.#client.call(`find image ${pinnedReference(request.reference, request.digest)}`, async (connection) => {
      const marked = await inspect(connection, `${pulledRepository(this.#host)}:${pulledTag(request.digest)}`);
      if (marked !== null) return toFacts(marked);
      const { name } = parseImageReference(request.reference);
      const named = await inspect(connection, `${name}@${request.digest}`);
      if (named === null) return null;
      // Another host of this engine pulled it: whoever lets go last has to clean up, so this one marks it as well.
      if ((named.RepoTags as readonly string[] | null)?.some(isPulledTag) === true) {
        await this.#mark(connection, named.Id, request.digest);
      }
      return toFacts(named);
    });
  }

  /**
   * After a pull: finds what came and marks it as pulled by this host. An image without an index is pulled whatever it
   * was made for; one for another platform is let go again, because it would only fail when it is started.
   */
  async adoptPulled(request: PullRequest): Promise<PulledImage> {
    const name = `${parseImageReference(request.reference).name}@${request.digest}`;
    return this.#client.call(`inspect ${name}`, async (connection) => {
      const image = await inspect(connection, name);
      if (image === null) return { kind: 'gone' };
      const platform = `${image.Os}/${image.Architecture}`;
      const wanted = request.platform ?? (await hostPlatform(connection));
      if (image.Architecture !== '' && !`${wanted}/`.startsWith(`${platform}/`)) {
        await untag(connection, name);
        return { kind: 'foreign', platform, wanted };
      }
      await this.#mark(connection, image.Id, request.digest);
      return { kind: 'adopted', facts: toFacts(image) };
    });
  }

  async hold(imageId: string, app: AppName, service: string, release: number): Promise<void> {
    const repo = holdRepository(this.#host, app, service);
    await this.#client.call(`hold image ${imageId} as ${repo}:${release}`, ({ docker }) =>
      docker.getImage(imageId).tag({ repo, tag: String(release) }),
    );
  }

  async held(): Promise<readonly HeldImage[]> {
    return this.#client.call('list held images', async (connection) => {
      const filters = { reference: [holdPattern(this.#host)] };
      const images = await connection.docker.listImages({ filters: JSON.stringify(filters) });
      const held = images.map(async (image): Promise<readonly HeldImage[]> => {
        const names = ((image.RepoTags as readonly string[] | null) ?? []).flatMap(
          (tag) => parseHoldTag(this.#host, tag) ?? [],
        );
        if (names.length === 0) return [];
        const createdAtMs = lastTagTime(await inspect(connection, image.Id)) ?? image.Created * 1_000;
        return names.map((name) => ({ ...name, imageId: image.Id, createdAtMs }));
      });
      return (await Promise.all(held)).flat();
    });
  }

  async release(held: HeldImage): Promise<void> {
    const tag = `${holdRepository(this.#host, held.app, held.service)}:${held.release}`;
    await this.#client.call(`release image ${tag}`, async (connection) => {
      await untag(connection, tag);
      const image = await inspect(connection, held.imageId);
      if (image !== null) await this.#letGo(connection, image);
      await this.#sweep(connection);
    });
  }

  /**
   * Images that this host pulled and holds no more: a container still ran from them when they were released, or nothing
   * came of the pull. One that was pulled just now may be about to be held.
   */
  async #sweep(connection: Connection): Promise<void> {
    const filters = JSON.stringify({ reference: [pulledRepository(this.#host)] });
    for (const { Id: id } of await connection.docker.listImages({ filters })) {
      const image = await inspect(connection, id);
      const age = this.#clock.now().wallMs - (lastTagTime(image) ?? 0);
      if (image !== null && age > SWEEP_AFTER_MS) await this.#letGo(connection, image);
    }
  }

  /** Removes this host's mark when it holds the image no more, and the digest names when nobody has a tag on it. */
  async #letGo(connection: Connection, image: InspectedImage): Promise<void> {
    // Engine 29 lists the name by digest among the tags as well: nobody's tag.
    const tags = ((image.RepoTags as readonly string[] | null) ?? []).filter((tag) => !tag.includes('@'));
    if (tags.some((tag) => parseHoldTag(this.#host, tag) !== null)) return;
    const marks = tags.filter((tag) => tag.startsWith(`${pulledRepository(this.#host)}:`));
    const others = tags.filter((tag) => !marks.includes(tag));
    // The digest names first: with the last of our marks the image may be gone.
    if (marks.length > 0 && others.length === 0) {
      for (const name of image.RepoDigests)
        if (!name.startsWith(pulledRepository(this.#host))) await untag(connection, name);
    }
    for (const mark of marks) await untag(connection, mark);
  }

  async #mark(connection: Connection, imageId: string, digest: Digest): Promise<void> {
    await connection.docker.getImage(imageId).tag({ repo: pulledRepository(this.#host), tag: pulledTag(digest) });
  }
}

async function inspect({ docker }: Connection, name: string): Promise<InspectedImage | null> {
  try {
    return await docker.getImage(name).inspect();
  } catch (error) {
    if (toFailure(error).status === 404) return null;
    throw error;
  }
}

/** 404: the name is gone already. 409: a container runs from the image; it stays until that is removed. */
async function untag({ docker }: Connection, name: string): Promise<void> {
  try {
    await docker.getImage(name).remove();
  } catch (error) {
    const { status } = toFailure(error);
    if (status !== 404 && status !== 409) throw error;
  }
}

async function hostPlatform({ docker }: Connection): Promise<string> {
  const { Os: os, Arch: architecture } = await docker.version();
  return `${os}/${architecture}`;
}

function toFacts(image: InspectedImage): ImageFacts {
  const config = image.Config as Partial<InspectedImage['Config']> | null;
  const test = config?.Healthcheck?.Test ?? [];
  return {
    imageId: image.Id,
    sizeBytes: image.Size,
    hasHealthcheck: test.length > 0 && test[0] !== 'NONE',
    user: config?.User ?? '',
    volumes: Object.keys(config?.Volumes ?? {}).sort(),
  };
}

function lastTagTime(image: InspectedImage | null): number | null {
  const metadata =
    image === null ? undefined : (image as { readonly Metadata?: { readonly LastTagTime?: string } }).Metadata;
  const ms = Date.parse(metadata?.LastTagTime ?? '');
  return Number.isNaN(ms) || ms <= 0 ? null : ms;
}
