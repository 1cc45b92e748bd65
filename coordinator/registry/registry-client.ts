/**
 * Asks a registry which digest a tag has: one HEAD, or two where it wants a token first. The answer is the top-level
 * (index) digest. Every failure is an error of the table that says whether trying again can help.
 */
import { createHash } from 'node:crypto';
import { LongshoreError } from '../../fleet/errors.ts';
import { isDigest } from '../../fleet/ids.ts';
import type { Digest } from '../../fleet/ids.ts';
import { parseChallenge, retryAfterMs, tokenUrl } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import { isLoopbackRegistry, registryAddress } from './reference.ts';
import type { ImageReference } from './reference.ts';

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

export interface RegistryClientOptions {
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** Registries without TLS, besides those on this machine. */
  readonly insecure: readonly string[];
  readonly timeoutMs: number;
}

/** What registries allow a manifest to be. */
const MOST_BYTES = 4 * 1024 * 1024;
const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const ACCEPT = MANIFEST_TYPES.join(', ');
const MOST_REDIRECTS = 5;

/** @throws IMAGE_NOT_FOUND, REGISTRY_DENIED, REGISTRY_RATE_LIMITED, REGISTRY_UNAVAILABLE */
export async function headDigest(
  image: ImageReference,
  login: RegistryLogin | null,
  options: RegistryClientOptions,
): Promise<Digest> {
  const question = new RegistryQuestion(image, options);
  const url = question.url(`manifests/${image.tag}`);
  let authorization: string | null = null;
  let response = await question.send(url, 'HEAD', authorization);
  if (response.status === 401) {
    const challenge = parseChallenge(response.headers.get('www-authenticate'));
    authorization = await question.authorize(challenge, login);
    if (authorization !== null) response = await question.send(url, 'HEAD', authorization);
  }
  // Some registries answer HEAD without a digest or type, or not at all; then the content itself says what it is.
  const digest = response.headers.get('docker-content-digest');
  const isManifest = MANIFEST_TYPES.includes(typeOf(response));
  if (response.status === 200 && isManifest && digest !== null && isDigest(digest)) return digest;
  if (response.ok || response.status === 405) return question.digestOfBody(url, authorization);
  throw question.refusal(response);
}

/** All that is asked about one image. */
export class RegistryQuestion {
  readonly #image: ImageReference;
  readonly #isPlain: boolean;
  readonly #options: RegistryClientOptions;
  #authorization: string | null = null;

  constructor(image: ImageReference, options: RegistryClientOptions) {
    this.#image = image;
    this.#isPlain = isLoopbackRegistry(image.registry) || options.insecure.includes(image.registry);
    this.#options = options;
  }

  /** @param path below the repository: `manifests/latest` */
  url(path: string): string {
    const { registry, repository } = this.#image;
    return `${this.#isPlain ? 'http' : 'https'}://${registryAddress(registry)}/v2/${repository}/${path}`;
  }

  /** Manifests and configurations; null where it is no JSON. The login is used where the registry wants one. */
  async json(path: string, login: RegistryLogin | null): Promise<unknown> {
    const url = this.url(path);
    const accept = path.startsWith('manifests/') ? ACCEPT : '*/*';
    let response = await this.#get(url, accept);
    if (response.status === 401) {
      this.#authorization = await this.authorize(parseChallenge(response.headers.get('www-authenticate')), login);
      if (this.#authorization !== null) response = await this.#get(url, accept);
    }
    if (response.status !== 200) throw this.refusal(response);
    return jsonOf(await this.#body(response));
  }

  /** Content often lies in an object store: that is followed, without the registry's login. Manifests are its own. */
  async #get(url: string, accept: string): Promise<Response> {
    if (accept === ACCEPT) return this.send(url, 'GET', this.#authorization, accept);
    return this.send(
      url,
      'GET',
      this.#authorization,
      accept,
      (target) => this.#isPlain || target.protocol === 'https:',
    );
  }

  async send(
    url: string | URL,
    method: 'HEAD' | 'GET',
    authorization: string | null,
    accept = ACCEPT,
    mayLeave: (target: URL) => boolean = () => false,
  ): Promise<Response> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    let at = new URL(url);
    const { origin } = at;
    try {
      for (let hops = 0; ; hops += 1) {
        const shown = authorization === null || at.origin !== origin ? {} : { authorization };
        const response = await this.#options.fetch(at.href, {
          method,
          headers: { accept, ...shown },
          signal,
          redirect: 'manual',
        });
        const location = REDIRECTS.includes(response.status) ? response.headers.get('location') : null;
        if (location === null || !URL.canParse(location, at.href)) return response;
        await response.body?.cancel();
        const target = new URL(location, at);
        // Whoever may name a registry must not make us call whatever its answers name.
        if (target.origin !== origin && !mayLeave(target)) throw new Error(`it redirects to ${target.host}`);
        if (hops === MOST_REDIRECTS) throw new Error(`more than ${MOST_REDIRECTS} redirects`);
        at = target;
      }
    } catch (error) {
      throw new LongshoreError('REGISTRY_UNAVAILABLE', `${this.#what()}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** @returns the header to send; null where nothing can be said that was not said */
  async authorize(challenge: Challenge | null, login: RegistryLogin | null): Promise<string | null> {
    if (challenge === null) return null;
    const basic =
      login === null ? null : `Basic ${Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64')}`;
    if (challenge.kind === 'basic') return basic;
    const url = tokenUrl(challenge, `repository:${this.#image.repository}:pull`);
    if (url.protocol !== 'https:' && !this.#isPlain)
      throw new LongshoreError(
        'REGISTRY_DENIED',
        `${this.#what()}: it wants its login sent in the clear to ${url.host}`,
      );
    const response = await this.send(url, 'GET', basic, 'application/json');
    if (!response.ok) throw this.refusal(response);
    const token = tokenOf(jsonOf(await this.#body(response)));
    if (token === null)
      throw new LongshoreError('REGISTRY_UNAVAILABLE', `${this.#what()}: ${url.host} answered without a token`);
    return `Bearer ${token}`;
  }

  async digestOfBody(url: string, authorization: string | null): Promise<Digest> {
    const response = await this.send(url, 'GET', authorization);
    if (response.status !== 200) throw this.refusal(response);
    const body = await this.#body(response);
    // A page of a proxy or of maintenance is an answer, too.
    if (!isManifestBody(jsonOf(body)))
      throw new LongshoreError(
        'REGISTRY_UNAVAILABLE',
        `${this.#what()}: ${this.#image.registry} answered with ${typeOf(response) || 'something'} that is not a manifest`,
      );
    return `sha256:${createHash('sha256').update(body).digest('hex')}` as Digest;
  }

  /** Whoever may plan names the registry: it must not be able to fill the coordinator's memory. */
  async #body(response: Response): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        size += chunk.byteLength;
        if (size > MOST_BYTES) throw new Error(`it answered with more than ${MOST_BYTES} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw new LongshoreError('REGISTRY_UNAVAILABLE', `${this.#what()}: ${reasonOf(error)}`, { cause: error });
    }
    return Buffer.concat(chunks);
  }

  refusal(response: Response): LongshoreError {
    const { status } = response;
    const { registry, repository, tag } = this.#image;
    if (status === 404)
      return new LongshoreError('IMAGE_NOT_FOUND', `${this.#what()}: ${registry} has no ${repository}:${tag}`);
    if (status === 401 || status === 403)
      return new LongshoreError('REGISTRY_DENIED', `${this.#what()}: ${registry} answered ${status}`);
    const wait = retryAfterMs(response.headers.get('retry-after'), this.#options.now());
    const asked = wait === null ? {} : { retryAfterMs: wait };
    if (status === 429)
      return new LongshoreError('REGISTRY_RATE_LIMITED', `${this.#what()}: ${registry} answered 429`, asked);
    return new LongshoreError('REGISTRY_UNAVAILABLE', `${this.#what()}: ${registry} answered ${status}`, asked);
  }

  #what(): string {
    const { registry, repository, tag } = this.#image;
    return `resolve ${registry}/${repository}:${tag}`;
  }
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Without parameters, bounded: it stands in messages. */
function typeOf(response: Response): string {
  const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
  return type.trim().toLowerCase().slice(0, 100);
}

/** An index, or the manifest of one image. */
function isManifestBody(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || !('schemaVersion' in json) || json.schemaVersion !== 2) return false;
  return ('manifests' in json && Array.isArray(json.manifests)) || ('config' in json && 'layers' in json);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}

function tokenOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const token = 'token' in body ? body.token : 'access_token' in body ? body.access_token : null;
  return typeof token === 'string' && token !== '' ? token : null;
}

/** The cause says more than `fetch failed`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
