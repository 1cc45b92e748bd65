/** Cloud Storage's buckets. A bucket that still holds objects is not deleted, as Google refuses that. */
import { type Answer, type Call, jsonAnswer, readJson } from '../exchange.ts';
import { GoogleError, notRehearsed } from '../google-error.ts';
import type { IamPolicies } from '../iam-policies.ts';
import { type JsonObject, mergePatch, objectAt, textAt } from '../json.ts';
import { requireRole } from '../permissions.ts';
import type { Site } from '../site.ts';

export class Buckets {
  readonly #site: Site;
  readonly #policies: IamPolicies;

  constructor(site: Site, policies: IamPolicies) {
    this.#site = site;
    this.#policies = policies;
  }

  async collection(call: Call): Promise<Answer> {
    if (call.method === 'GET')
      return jsonAnswer({ kind: 'storage#buckets', items: this.#site.store.list('storage/b').map((one) => one.body) });
    if (call.method !== 'POST') throw notRehearsed(`${call.method} ${call.path}`);
    return jsonAnswer(this.#create(await readJson(call)));
  }

  async one(call: Call, name: string): Promise<Answer> {
    const bucket = this.get(name);
    switch (call.method) {
      case 'GET':
        this.require(call, name, ['roles/storage.legacyBucketReader', 'roles/storage.admin'], 'storage.buckets.get');
        return jsonAnswer(bucket);
      case 'PATCH':
      case 'PUT': {
        const changed = this.#marked({
          ...mergePatch(bucket, await readJson(call)),
          metageneration: String(Number(bucket['metageneration'] ?? 1) + 1),
        });
        this.#site.store.put(`storage/b/${name}`, changed);
        return jsonAnswer(changed);
      }
      case 'DELETE':
        if (this.#site.store.all(`storage/o/${name}/`).length > 0)
          throw new GoogleError(409, 'conflict', 'The bucket you tried to delete is not empty.');
        this.#site.store.delete(`storage/b/${name}`);
        this.#policies.delete(`b/${name}`);
        return { status: 204 };
      default:
        throw notRehearsed(`${call.method} ${call.path}`);
    }
  }

  async policy(call: Call, name: string): Promise<Answer> {
    this.get(name);
    const resource = `b/${name}`;
    const shown = (policy: JsonObject): Answer =>
      jsonAnswer({ ...policy, kind: 'storage#policy', resourceId: `projects/_/buckets/${name}` });
    if (call.method === 'GET') return shown(this.#policies.get(resource));
    if (call.method === 'PUT') return shown(this.#policies.set(resource, await readJson(call)));
    throw notRehearsed(`${call.method} ${call.path}`);
  }

  get(name: string): JsonObject {
    const bucket = this.#site.store.get(`storage/b/${name}`);
    if (bucket === undefined) throw new GoogleError(404, 'notFound', `The specified bucket does not exist: ${name}`);
    return bucket;
  }

  isVersioned(name: string): boolean {
    return objectAt(this.get(name), 'versioning')['enabled'] === true;
  }

  /** `object` is looked at by conditions. */
  require(call: Call, bucket: string, roles: readonly string[], permission: string, object?: string): void {
    const name = `projects/_/buckets/${bucket}`;
    requireRole(this.#policies, call.caller, {
      roles,
      permission,
      project: this.#site.project,
      resource: `b/${bucket}`,
      name: object === undefined ? name : `${name}/objects/${object}`,
    });
  }

  #create(body: JsonObject): JsonObject {
    const name = textAt(body, 'name') ?? '';
    if (!/^[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]$/.test(name))
      throw new GoogleError(400, 'invalid', `Invalid bucket name: '${name}'`);
    if (this.#site.store.get(`storage/b/${name}`) !== undefined)
      throw new GoogleError(
        409,
        'conflict',
        'Your previous request to create the named bucket succeeded and you already own it.',
      );
    const time = this.#site.now().toISOString();
    const bucket = this.#marked({
      storageClass: 'STANDARD',
      rpo: 'DEFAULT',
      softDeletePolicy: { retentionDurationSeconds: '604800', effectiveTime: time },
      ...body,
      location: (textAt(body, 'location') ?? 'US').toUpperCase(),
      locationType: (textAt(body, 'location') ?? '').includes('-') ? 'region' : 'multi-region',
      kind: 'storage#bucket',
      id: name,
      projectNumber: this.#site.projectNumber,
      metageneration: '1',
      timeCreated: time,
      selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
    });
    this.#site.store.put(`storage/b/${name}`, bucket);
    return bucket;
  }

  #marked(bucket: JsonObject): JsonObject {
    return { ...bucket, etag: `E${textAt(bucket, 'metageneration') ?? '1'}`, updated: this.#site.now().toISOString() };
  }
}
