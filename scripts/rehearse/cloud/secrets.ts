/** Secret Manager: secrets, and versions that are added and read but never changed. Terraform makes only the former. */
import { type Answer, type Call, jsonAnswer, readJson } from './exchange.ts';
import { alreadyExists, GoogleError, invalid, notFound, notRehearsed } from './google-error.ts';
import type { IamPolicies } from './iam-policies.ts';
import { type JsonObject, objectAt, textAt } from './json.ts';
import { requireRole } from './permissions.ts';
import type { Site } from './site.ts';

const readers = ['roles/secretmanager.secretAccessor', 'roles/secretmanager.admin'];
const adders = [
  'roles/secretmanager.secretVersionAdder',
  'roles/secretmanager.secretVersionManager',
  'roles/secretmanager.admin',
];
const viewers = ['roles/secretmanager.viewer', 'roles/secretmanager.admin', 'roles/secretmanager.secretVersionManager'];

export class Secrets {
  readonly #site: Site;
  readonly #policies: IamPolicies;

  constructor(site: Site, policies: IamPolicies) {
    this.#site = site;
    this.#policies = policies;
  }

  async handle(call: Call): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    const match =
      /^\/v1\/projects\/([^/]+)\/secrets(?:\/([^/:]+))?(?:\/versions(?:\/([0-9]+|latest))?)?(?::([A-Za-z]+))?$/.exec(
        decodeURIComponent(call.path),
      );
    if (match === null) throw notRehearsed(said);
    const [, , secret, version, verb] = match;
    if (secret === undefined) {
      if (call.method === 'POST')
        return jsonAnswer(this.#create(call.query.get('secretId') ?? '', await readJson(call)));
      if (call.method === 'GET')
        return jsonAnswer({ secrets: this.#site.store.list(this.#root()).map((stored) => stored.body) });
      throw notRehearsed(said);
    }
    const stored = this.#site.store.get(`${this.#root()}/${secret}`);
    const resource = `projects/${this.#site.project}/secrets/${secret}`;
    if (stored === undefined) throw new GoogleError(404, 'notFound', `Secret [${resource}] not found.`);
    const may = (roles: readonly string[], permission: string): void =>
      requireRole(this.#policies, call.caller, { roles, permission, project: this.#site.project, resource });
    if (verb === 'addVersion') {
      may(adders, 'secretmanager.versions.add');
      return jsonAnswer(this.#add(secret, await readJson(call)));
    }
    if (verb === 'access') {
      may(readers, 'secretmanager.versions.access');
      return jsonAnswer(this.#access(secret, version ?? 'latest'));
    }
    if (verb === 'getIamPolicy') return jsonAnswer(this.#policies.get(resource));
    if (verb === 'setIamPolicy')
      return jsonAnswer(this.#policies.set(resource, objectAt(await readJson(call), 'policy')));
    if (verb !== undefined) throw notRehearsed(said);
    if (call.path.includes('/versions')) {
      may(viewers, 'secretmanager.versions.list');
      const versions = this.#versions(secret).map(({ body }) => ({ ...body, payload: null }));
      if (version !== undefined) {
        const number = version === 'latest' ? versions.length : Number(version);
        const found = versions[number - 1];
        if (found === undefined) throw notFound(`${resource}/versions/${version}`);
        return jsonAnswer(found);
      }
      return jsonAnswer({ versions: versions.toReversed(), totalSize: versions.length });
    }
    switch (call.method) {
      case 'GET':
        may(viewers, 'secretmanager.secrets.get');
        return jsonAnswer(stored);
      case 'PATCH': {
        const changed = { ...stored, ...(await readJson(call)), name: stored['name'] ?? '' };
        this.#site.store.put(`${this.#root()}/${secret}`, changed);
        return jsonAnswer(changed);
      }
      case 'DELETE':
        for (const one of this.#versions(secret)) this.#site.store.delete(one.path);
        this.#site.store.delete(`${this.#root()}/${secret}`);
        this.#policies.delete(resource);
        return jsonAnswer({});
      default:
        throw notRehearsed(said);
    }
  }

  #create(secret: string, body: JsonObject): JsonObject {
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(secret)) throw invalid(`Secret ID ${secret} is not valid.`);
    const path = `${this.#root()}/${secret}`;
    if (this.#site.store.get(path) !== undefined) throw alreadyExists(path);
    const stored = {
      ...body,
      name: `projects/${this.#site.projectNumber}/secrets/${secret}`,
      createTime: this.#site.now().toISOString(),
      etag: '"1"',
    };
    this.#site.store.put(path, stored);
    return stored;
  }

  #add(secret: string, body: JsonObject): JsonObject {
    const data = textAt(objectAt(body, 'payload'), 'data');
    if (data === undefined) throw invalid('The secret payload is missing.');
    const number = this.#versions(secret).length + 1;
    const version = {
      name: `projects/${this.#site.projectNumber}/secrets/${secret}/versions/${number}`,
      createTime: this.#site.now().toISOString(),
      state: 'ENABLED',
      etag: '"1"',
    };
    // Padded, so that the order of names is that of numbers.
    this.#site.store.put(`${this.#root()}/${secret}/versions/${String(number).padStart(6, '0')}`, {
      ...version,
      payload: { data },
    });
    return version;
  }

  #access(secret: string, version: string): JsonObject {
    const versions = this.#versions(secret);
    const found = versions[(version === 'latest' ? versions.length : Number(version)) - 1]?.body;
    if (found === undefined)
      throw new GoogleError(
        404,
        'notFound',
        `Secret [projects/${this.#site.projectNumber}/secrets/${secret}] not found or has no versions.`,
      );
    return { name: found['name'] ?? '', payload: found['payload'] ?? {} };
  }

  #versions(secret: string): { readonly path: string; readonly body: JsonObject }[] {
    return this.#site.store.list(`${this.#root()}/${secret}/versions`);
  }

  #root(): string {
    return `secretmanager/projects/${this.#site.project}/secrets`;
  }
}
