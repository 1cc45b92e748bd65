/**
 * Packages and tags of Artifact Registry's API, over the registry that holds the images. A tag is taken off on the
 * registry's disk: the registry itself can only forget an image with all of its tags.
 */
import { rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { type Answer, type Call, jsonAnswer, readJson } from './exchange.ts';
import { alreadyExists, GoogleError, notFound, notRehearsed } from './google-error.ts';
import type { IamPolicies } from './iam-policies.ts';
import { type JsonObject, textAt } from './json.ts';
import { requireRole } from './permissions.ts';
import type { Site } from './site.ts';

export interface PackageTagsOptions {
  readonly site: Site;
  readonly policies: IamPolicies;
  readonly port: number;
  /** Where the registry keeps its files. */
  readonly images: string;
}

const listers = ['reader', 'writer', 'repoAdmin', 'admin'].map((role) => `roles/artifactregistry.${role}`);
const adders = listers.slice(1);
const removers = listers.slice(2);
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export class PackageTags {
  readonly #options: PackageTagsOptions;

  constructor(options: PackageTagsOptions) {
    this.#options = options;
  }

  /** `repository` is `projects/P/locations/L/repositories/R`; `rest` what follows `/packages`, still encoded. */
  async handle(call: Call, repository: string, rest: string): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    const match = /^(?:\/([^/]+)(?:\/tags(?:\/([^/]+))?)?)?$/.exec(rest);
    if (match === null || (match[1] !== undefined && !rest.includes('/tags'))) throw notRehearsed(said);
    const name = match[1] === undefined ? undefined : decodeURIComponent(match[1]);
    const tag = match[2] === undefined ? undefined : decodeURIComponent(match[2]);
    const may = (roles: readonly string[], permission: string): void =>
      requireRole(this.#options.policies, call.caller, {
        roles,
        permission: `artifactregistry.${permission}`,
        project: this.#options.site.project,
        resource: repository,
      });
    const [, project = '', id = ''] =
      /^projects\/([^/]+)\/locations\/[^/]+\/repositories\/(.+)$/.exec(repository) ?? [];
    const image = `${project}/${id}/${name ?? ''}`;
    const root = `${repository}/packages`;
    const shown = (one: string, digest: string): JsonObject => ({
      name: `${root}/${encodeURIComponent(name ?? '')}/tags/${one}`,
      version: `${root}/${encodeURIComponent(name ?? '')}/versions/${digest}`,
    });
    if (call.method === 'GET') {
      may(listers, name === undefined ? 'packages.list' : 'tags.list');
      if (name === undefined) {
        const packages = (await this.#catalogue(`${project}/${id}/`)).map((one) => ({
          name: `${root}/${encodeURIComponent(one)}`,
        }));
        return jsonAnswer({ packages });
      }
      const tags = await this.#tags(image);
      if (tag === undefined) return jsonAnswer({ tags: [...tags].map(([one, digest]) => shown(one, digest)) });
      const digest = tags.get(tag);
      if (digest === undefined) throw notFound(`tags/${tag}`);
      return jsonAnswer(shown(tag, digest));
    }
    if (name === undefined) throw notRehearsed(said);
    if (call.method === 'POST' && tag === undefined) {
      may(adders, 'tags.create');
      const wanted = call.query.get('tagId') ?? '';
      if ((await this.#tags(image)).has(wanted)) throw alreadyExists(`tags/${wanted}`);
      return jsonAnswer(shown(wanted, await this.#put(image, wanted, await readJson(call))));
    }
    if (call.method === 'PATCH' && tag !== undefined) {
      may(adders, 'tags.update');
      return jsonAnswer(shown(tag, await this.#put(image, tag, await readJson(call))));
    }
    if (call.method === 'DELETE' && tag !== undefined) {
      may(removers, 'tags.delete');
      if (!(await this.#tags(image)).has(tag)) throw notFound(`tags/${tag}`);
      rmSync(path.join(this.#options.images, 'docker/registry/v2/repositories', image, '_manifests/tags', tag), {
        recursive: true,
      });
      return jsonAnswer({});
    }
    throw notRehearsed(said);
  }

  async #catalogue(prefix: string): Promise<string[]> {
    const { body } = await this.#ask('GET', '/v2/_catalog?n=1000');
    const { repositories = [] } = JSON.parse(body.toString('utf8')) as { repositories?: string[] };
    return repositories.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
  }

  /** Tag -> digest. */
  async #tags(image: string): Promise<Map<string, string>> {
    const { status, body } = await this.#ask('GET', `/v2/${image}/tags/list`);
    if (status !== 200) return new Map();
    const { tags } = JSON.parse(body.toString('utf8')) as { tags: string[] | null };
    const found = new Map<string, string>();
    for (const tag of tags ?? []) {
      const head = await this.#ask('HEAD', `/v2/${image}/manifests/${tag}`);
      if (head.status === 200) found.set(tag, head.digest);
    }
    return found;
  }

  async #put(image: string, tag: string, body: JsonObject): Promise<string> {
    const digest = textAt(body, 'version')?.split('/').at(-1) ?? '';
    const manifest = await this.#ask('GET', `/v2/${image}/manifests/${digest}`);
    if (manifest.status !== 200) throw notFound(`versions/${digest}`);
    const put = await this.#ask('PUT', `/v2/${image}/manifests/${tag}`, manifest);
    if (put.status !== 201)
      throw new GoogleError(500, 'backendError', `the registry answered ${put.status} for the tag ${tag}`);
    return digest;
  }

  #ask(method: string, url: string, content?: RegistryReply): Promise<RegistryReply> {
    return new Promise((resolve, reject) => {
      const headers = content === undefined ? { accept } : { 'content-type': content.type };
      const request = http.request(
        { host: '127.0.0.1', port: this.#options.port, method, path: url, headers },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => {
            const digest = response.headers['docker-content-digest'];
            resolve({
              status: response.statusCode ?? 0,
              type: response.headers['content-type'] ?? '',
              digest: typeof digest === 'string' ? digest : '',
              body: Buffer.concat(parts),
            });
          });
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(content?.body);
    });
  }
}

interface RegistryReply {
  readonly status: number;
  readonly type: string;
  readonly digest: string;
  readonly body: Buffer;
}
