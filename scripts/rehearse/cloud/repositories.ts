/** Artifact Registry's repositories; their images are behind `docker-front.ts`. */
import { type Answer, type Call, jsonAnswer, readJson } from './exchange.ts';
import { alreadyExists, invalid, notFound, notRehearsed } from './google-error.ts';
import type { IamPolicies } from './iam-policies.ts';
import { type JsonObject, mergePatch, objectAt } from './json.ts';
import type { PackageTags } from './package-tags.ts';
import type { Site } from './site.ts';

export class Repositories {
  readonly #site: Site;
  readonly #policies: IamPolicies;

  readonly #tags: PackageTags;

  constructor(site: Site, policies: IamPolicies, tags: PackageTags) {
    this.#site = site;
    this.#policies = policies;
    this.#tags = tags;
  }

  async handle(call: Call): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    const path = decodeURIComponent(call.path);
    const operation = /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/operations\/[^/]+)$/.exec(path)?.[1];
    if (operation !== undefined) {
      const done = this.#site.store.get(`artifactregistry/${operation}`);
      if (done === undefined) throw notFound(operation);
      return jsonAnswer(done);
    }
    const inside = /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+)\/packages(.*)$/.exec(call.path);
    if (inside?.[1] !== undefined) {
      if (this.#site.store.get(`artifactregistry/${inside[1]}`) === undefined) throw notFound(inside[1]);
      return this.#tags.handle(call, inside[1], inside[2] ?? '');
    }
    const match = /^\/v1\/(projects\/([^/]+)\/locations\/[^/]+)\/repositories(?:\/([^/:]+))?(?::([A-Za-z]+))?$/.exec(
      path,
    );
    const [, parent = '', project = '', repository, verb] = match ?? [];
    if (match === null) throw notRehearsed(said);
    if (project !== this.#site.project) throw notFound(`projects/${project}`);
    if (repository === undefined) {
      if (call.method === 'POST')
        return jsonAnswer(
          this.#create(
            parent,
            call.query.get('repository_id') ?? call.query.get('repositoryId') ?? '',
            await readJson(call),
          ),
        );
      if (call.method === 'GET')
        return jsonAnswer({
          repositories: this.#site.store.list(`artifactregistry/${parent}/repositories`).map((one) => one.body),
        });
      throw notRehearsed(said);
    }
    const name = `${parent}/repositories/${repository}`;
    const stored = this.#site.store.get(`artifactregistry/${name}`);
    if (stored === undefined) throw notFound(name);
    if (verb === 'getIamPolicy') return jsonAnswer(this.#policies.get(name));
    if (verb === 'setIamPolicy') return jsonAnswer(this.#policies.set(name, objectAt(await readJson(call), 'policy')));
    if (verb !== undefined) throw notRehearsed(said);
    switch (call.method) {
      case 'GET':
        return jsonAnswer(stored);
      case 'PATCH': {
        const changed = { ...mergePatch(stored, await readJson(call)), updateTime: this.#site.now().toISOString() };
        this.#site.store.put(`artifactregistry/${name}`, changed);
        return jsonAnswer(changed);
      }
      case 'DELETE':
        this.#site.store.delete(`artifactregistry/${name}`);
        this.#policies.delete(name);
        return jsonAnswer(this.#operation(parent, {}));
      default:
        throw notRehearsed(said);
    }
  }

  /** Whether images may be kept under `PROJECT/REPOSITORY`, and its whole name. */
  find(project: string, repository: string, location: string | null): string | undefined {
    return this.#site.store
      .all(`artifactregistry/projects/${project}/locations/${location ?? ''}`)
      .map((stored) => stored.path.slice('artifactregistry/'.length))
      .find((name) => name.endsWith(`/repositories/${repository}`));
  }

  #create(parent: string, repository: string, body: JsonObject): JsonObject {
    if (!/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(repository))
      throw invalid(`Repository ID ${repository} is not valid.`);
    const name = `${parent}/repositories/${repository}`;
    if (this.#site.store.get(`artifactregistry/${name}`) !== undefined) throw alreadyExists(name);
    const time = this.#site.now().toISOString();
    const stored = { mode: 'STANDARD_REPOSITORY', ...body, name, createTime: time, updateTime: time };
    this.#site.store.put(`artifactregistry/${name}`, stored);
    return this.#operation(parent, stored);
  }

  #operation(parent: string, response: JsonObject): JsonObject {
    const name = `${parent}/operations/${this.#site.newId()}`;
    const operation = { name, done: true, response };
    this.#site.store.put(`artifactregistry/${name}`, operation);
    return operation;
  }
}
