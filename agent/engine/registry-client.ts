/**
 * A registry, read by the agent itself: only what the engine cannot tell, which is how large an image's layers are.
 * Whatever goes wrong here is an unknown size, never a failed pull: the engine may know mirrors, certificates and ways
 * that the agent does not.
 */
import http from 'node:http';
import https from 'node:https';
import { outboundAgent } from '../../daemon/outbound-agent.ts';
import type { ImageLayer } from './image-space.ts';
import { DOCKER_HUB, type ImageReference } from '../../fleet/image-reference.ts';
import { imageConfigSchema, manifestSchema, pickManifest, type ImageManifest } from './registry-manifest.ts';
import type { RegistryCredential } from './registry-auth.ts';
import { tokenRequest } from './registry-token.ts';

const MOST_BYTES = 4_000_000;
const MOST_REDIRECTS = 3;
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export interface RegistryImage {
  readonly reference: ImageReference;
  readonly digest: string;
  /** `linux/amd64` */
  readonly platform: string;
  readonly credential: RegistryCredential | null;
  /** The engine speaks plain HTTP to it where HTTPS does not work. */
  readonly insecure: boolean;
}

export interface RegistryLayers {
  readonly layers: readonly ImageLayer[];
  /** Asks for the image's configuration too, which names the unpacked layers. */
  withDiffIds(): Promise<readonly ImageLayer[]>;
}

/** @throws Error of any kind: the size cannot be known */
export async function readLayers(image: RegistryImage, signal: AbortSignal): Promise<RegistryLayers> {
  const host = image.reference.registry === DOCKER_HUB ? 'registry-1.docker.io' : image.reference.registry;
  const session = new RegistrySession(image, signal);
  try {
    return await session.layers(`https://${host}`);
  } catch (error) {
    if (!image.insecure) throw error;
    return await session.layers(`http://${host}`);
  }
}

class RegistrySession {
  readonly #image: RegistryImage;
  readonly #signal: AbortSignal;
  #authorization: string | null = null;

  constructor(image: RegistryImage, signal: AbortSignal) {
    this.#image = image;
    this.#signal = signal;
  }

  async layers(origin: string): Promise<RegistryLayers> {
    const path = `${origin}/v2/${this.#image.reference.repository}`;
    const manifest = await this.#manifest(path, this.#image.digest);
    const layers = manifest.layers.map(({ size }): ImageLayer => ({ bytes: size, diffId: null }));
    return {
      layers,
      withDiffIds: async () => {
        const blob = await this.#get(`${path}/blobs/${manifest.config.digest}`, '*/*');
        const { rootfs } = imageConfigSchema.parse(JSON.parse(blob));
        return layers.map((layer, index) => ({ ...layer, diffId: rootfs.diff_ids[index] ?? null }));
      },
    };
  }

  async #manifest(path: string, digest: string): Promise<ImageManifest> {
    const found = manifestSchema.parse(JSON.parse(await this.#get(`${path}/manifests/${digest}`, MANIFEST_TYPES)));
    if ('layers' in found) return found;
    const picked = pickManifest(found.manifests, this.#image.platform);
    if (picked === null) throw new Error(`no manifest for ${this.#image.platform}`);
    const text = await this.#get(`${path}/manifests/${picked.digest}`, MANIFEST_TYPES);
    const manifest = manifestSchema.parse(JSON.parse(text));
    if ('layers' in manifest) return manifest;
    throw new Error('an index inside of an index');
  }

  async #get(url: string, accept: string): Promise<string> {
    const first = await this.#request(url, accept);
    if (first.status !== 401) return textOf(first, url);
    const ask = tokenRequest(first.challenge, this.#image.credential, url.startsWith('http:'));
    if (ask === null) throw new Error(`no way to log in at ${url}`);
    this.#authorization = ask.kind === 'ready' ? ask.authorization : await this.#token(ask.url, ask.authorization);
    return textOf(await this.#request(url, accept), url);
  }

  async #token(url: string, authorization: string | null): Promise<string> {
    const answer = await request(url, authorization === null ? {} : { authorization }, this.#signal);
    const json = JSON.parse(textOf(answer, url)) as { token?: unknown; access_token?: unknown };
    const token = json.token ?? json.access_token;
    if (typeof token !== 'string') throw new Error(`${url} answered without a token`);
    return `Bearer ${token}`;
  }

  async #request(url: string, accept: string): Promise<Answer> {
    const authorization = this.#authorization === null ? {} : { authorization: this.#authorization };
    let answer = await request(url, { accept, ...authorization }, this.#signal);
    // Layers often lie in an object store, which must not be shown the registry's token.
    for (let hops = 0; answer.location !== null && hops < MOST_REDIRECTS; hops += 1) {
      answer = await request(new URL(answer.location, url).href, { accept }, this.#signal);
    }
    return answer;
  }
}

interface Answer {
  readonly status: number;
  readonly challenge: string;
  readonly location: string | null;
  readonly body: string;
}

function textOf(answer: Answer, url: string): string {
  if (answer.status === 200) return answer.body;
  throw new Error(`${url} answered ${answer.status}`);
}

function request(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
  const { get } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const options = { headers: { 'user-agent': 'longshore-agent', ...headers }, signal, agent: outboundAgent(url) };
    const call = get(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MOST_BYTES) answer.destroy(new Error(`${url} answered with more than ${MOST_BYTES} bytes`));
        else chunks.push(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        resolve({
          status,
          challenge: answer.headers['www-authenticate'] ?? '',
          location: status >= 300 && status < 400 ? (answer.headers.location ?? null) : null,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    call.on('error', reject);
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    call.on('close', () => reject(new Error('the connection was closed without an answer')));
  });
}
