/**
 * Compute Engine: one uniform store of resources. What is special about instances and groups is in files of their own;
 * whatever is not known here is answered 501.
 */
import { alreadyExists, GoogleError, invalid, notFound, notRehearsed } from '../google-error.ts';
import { type Answer, type Call, jsonAnswer, readJson } from '../exchange.ts';
import { type Json, type JsonObject, listAt, mergePatch, textAt } from '../json.ts';
import type { Site } from '../site.ts';
import type { Addresses } from './addresses.ts';
import { catalogue } from './catalogue.ts';
import { collections, completeRouter, withFingerprints } from './collections.ts';
import { collectionPath, type ComputePath, lastPart, parseComputePath, scopePath, selfLink } from './compute-path.ts';
import { completeGroup } from './group-template.ts';
import type { InstanceGroups } from './instance-groups.ts';
import type { Instances } from './instances.ts';
import type { Operations } from './operations.ts';
import { fingerprintOf, refuseOldFingerprint, setters } from './set-calls.ts';
import { refuseUnknownReferences, refuseWhileUsed, usersOf, withNamedLinks, withWholeLinks } from './references.ts';

const namePattern = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

export class Compute {
  readonly #site: Site;
  readonly #operations: Operations;
  readonly #instances: Instances;
  readonly #groups: InstanceGroups;
  readonly #addresses: Addresses;

  constructor(site: Site, operations: Operations, instances: Instances, groups: InstanceGroups, addresses: Addresses) {
    this.#site = site;
    this.#operations = operations;
    this.#instances = instances;
    this.#groups = groups;
    this.#addresses = addresses;
  }

  async handle(call: Call): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    const path = /^\/compute\/v1\/(.+)$/.exec(call.path)?.[1];
    if (path === undefined) throw notRehearsed(said);
    if (call.method === 'GET') {
      const known = catalogue(this.#site, decodeURIComponent(path));
      if (known !== undefined) return jsonAnswer(known);
      const aggregated = /^projects\/[^/]+\/aggregated\/([A-Za-z]+)$/.exec(path)?.[1];
      if (aggregated !== undefined) return jsonAnswer(this.#aggregated(aggregated, said));
    }
    // The provider writes the exact template's id into the name, whole with its question mark.
    const [plain = '', unique] = decodeURIComponent(path).split('?uniqueId=');
    const at = this.#byName(parseComputePath(plain, said));
    if (at.project !== this.#site.project) throw notFound(`projects/${at.project}`);
    if (at.collection === 'operations' && at.name !== null)
      return jsonAnswer(this.#operations.get(`${scopePath(at)}/operations/${at.name}`));
    const collection = collections[at.collection];
    const [scope = ''] = at.scope.split('/');
    if (!collection?.scopes.some((one) => one === scope)) throw notRehearsed(said);
    if (at.verb !== null) return jsonAnswer(await this.#verb(at, at.verb, call, said));
    if (at.name === null) {
      if (call.method === 'GET') return jsonAnswer(this.#list(at, call.query));
      if (call.method === 'POST') return jsonAnswer(this.#insert(at, await readJson(call)));
      throw notRehearsed(said);
    }
    switch (call.method) {
      case 'GET':
        return jsonAnswer(this.#get(at, unique ?? call.query.get('uniqueId')));
      case 'PATCH':
        return jsonAnswer(this.#update(at, 'patch', await readJson(call), (before, body) => mergePatch(before, body)));
      case 'PUT':
        return jsonAnswer(this.#update(at, 'update', await readJson(call), (before, body) => ({ ...before, ...body })));
      case 'DELETE':
        return jsonAnswer(this.#delete(at));
      default:
        throw notRehearsed(said);
    }
  }

  /** Wherever a name stands, the id may stand. */
  #byName(at: ComputePath): ComputePath {
    if (at.name === null || !/^\d+$/.test(at.name)) return at;
    const found = this.#site.store.list(`compute/${collectionPath(at)}`).find(({ body }) => body['id'] === at.name);
    return found === undefined ? at : { ...at, name: lastPart(found.path) };
  }

  #insert(at: ComputePath, body: JsonObject): JsonObject {
    const name = textAt(body, 'name') ?? '';
    if (!namePattern.test(name))
      throw invalid(
        `Invalid value for field 'resource.name': '${name}'. Must be a match of regex '${namePattern.source}'`,
      );
    const path = `${collectionPath(at)}/${name}`;
    if (this.#site.store.get(`compute/${path}`) !== undefined) throw alreadyExists(path);
    const whole = withNamedLinks(this.#site.store, at.project, body);
    refuseUnknownReferences(this.#site.store, at.project, whole);
    if (at.collection === 'instances') return this.#instances.insert(scopePath(at), name, whole);
    const stored = this.#complete(at, path, whole);
    this.#site.store.put(`compute/${path}`, stored);
    if (at.collection === 'instanceGroupManagers') this.#groups.inserted(path);
    const source = textAt(whole, at.collection === 'snapshots' ? 'sourceDisk' : 'sourceSnapshot');
    if (source !== undefined) this.#instances.contentCopied(source, path);
    return this.#done('insert', at, path, stored);
  }

  #complete(at: ComputePath, path: string, body: JsonObject): JsonObject {
    const collection = collections[at.collection];
    if (collection === undefined) throw notFound(path);
    const [kind = '', place] = at.scope.split('/');
    const own: JsonObject = {
      ...withWholeLinks(at.project, collection.defaults(body, path)),
      ...body,
      kind: collection.kind,
      id: this.#site.newId(),
      creationTimestamp: this.#site.now().toISOString(),
      selfLink: selfLink(path),
      ...(place === undefined ? {} : { [kind === 'zones' ? 'zone' : 'region']: selfLink(scopePath(at)) }),
    };
    const special = this.#special(at, path, own);
    return withFingerprints(collection.kind, special, this.#fingerprint());
  }

  #special(at: ComputePath, path: string, body: JsonObject): JsonObject {
    switch (at.collection) {
      case 'addresses':
        return { ...body, address: textAt(body, 'address') ?? this.#addresses.free(body) };
      case 'routers':
        return completeRouter(body);
      case 'instanceGroupManagers':
        return completeGroup(path, body);
      case 'forwardingRules':
        return { ...body, IPAddress: this.#addresses.named(textAt(body, 'IPAddress')) ?? this.#addresses.free(body) };
      default:
        return body;
    }
  }

  #get(at: ComputePath, unique: string | null): JsonObject {
    const path = `${collectionPath(at)}/${at.name ?? ''}`;
    const stored = this.#stored(path);
    if (unique !== null && unique !== stored['id']) throw notFound(`${path}?uniqueId=${unique}`);
    return this.#shown(at.collection, path, stored);
  }

  /** With what follows from other resources. */
  #shown(collection: string, path: string, stored: JsonObject): JsonObject {
    if (collection === 'instanceGroupManagers') return this.#groups.shown(path, stored);
    if (collection === 'disks' || collection === 'addresses') {
      const links = usersOf(this.#site.store, this.#site.project, path).map(selfLink);
      const byAddress =
        collection === 'addresses' ? this.#addresses.holders(textAt(stored, 'address') ?? '').map(selfLink) : [];
      const users = [...new Set([...links, ...byAddress])];
      return users.length === 0
        ? stored
        : { ...stored, users, ...(collection === 'addresses' ? { status: 'IN_USE' } : {}) };
    }
    return stored;
  }

  #list(at: ComputePath, query: URLSearchParams): JsonObject {
    const filter = query.get('filter');
    if (filter !== null && !/^name\s*(=|eq)\s*"?[-a-z0-9]+"?$/.test(filter))
      throw notRehearsed(`list of ${at.collection} with filter ${filter}`);
    const wanted = filter === null ? null : (/([-a-z0-9]+)"?$/.exec(filter)?.[1] ?? null);
    const kind = collections[at.collection]?.kind ?? '';
    const items = this.#site.store
      .list(`compute/${collectionPath(at)}`)
      .filter((stored) => wanted === null || lastPart(stored.path) === wanted)
      .map((stored) => this.#shown(at.collection, stored.path.slice('compute/'.length), stored.body));
    return { kind: `${kind}List`, id: collectionPath(at), selfLink: selfLink(collectionPath(at)), items };
  }

  #aggregated(collection: string, said: string): JsonObject {
    if (collections[collection] === undefined) throw notRehearsed(said);
    const items: Record<string, Json> = {};
    for (const { path, body } of this.#site.store.all(`compute/projects/${this.#site.project}/`)) {
      const match = /^compute\/projects\/[^/]+\/(zones\/[^/]+|regions\/[^/]+)\/([A-Za-z]+)\/[^/]+$/.exec(path);
      if (match?.[1] === undefined || match[2] !== collection) continue;
      const before = items[match[1]] as JsonObject | undefined;
      items[match[1]] = { [collection]: [...(before === undefined ? [] : listAt(before, collection)), body] };
    }
    return { kind: `${collections[collection].kind}AggregatedList`, items };
  }

  #update(
    at: ComputePath,
    type: string,
    body: JsonObject,
    change: (before: JsonObject, body: JsonObject) => JsonObject,
  ): JsonObject {
    const path = `${collectionPath(at)}/${at.name ?? ''}`;
    const before = this.#stored(path);
    refuseOldFingerprint(before, 'fingerprint', body);
    const whole = withNamedLinks(this.#site.store, at.project, change(before, body));
    refuseUnknownReferences(this.#site.store, at.project, whole);
    const kept = { id: before['id'] ?? '', name: before['name'] ?? '', selfLink: before['selfLink'] ?? '' };
    const changed = this.#special(at, path, { ...whole, ...kept });
    const stored = withFingerprints(textAt(before, 'kind') ?? '', changed, this.#fingerprint());
    this.#site.store.put(`compute/${path}`, stored);
    if (at.collection === 'instanceGroupManagers') this.#groups.changed(path);
    return this.#done(type, at, path, stored);
  }

  #delete(at: ComputePath): JsonObject {
    const path = `${collectionPath(at)}/${at.name ?? ''}`;
    const stored = this.#stored(path);
    if (at.collection === 'instances') return this.#instances.delete(path);
    if (at.collection === 'instanceGroupManagers') {
      refuseWhileUsed(this.#site.store, at.project, path.replace('/instanceGroupManagers/', '/instanceGroups/'), path);
      return this.#groups.delete(path);
    }
    refuseWhileUsed(this.#site.store, at.project, path);
    if (at.collection === 'addresses' && this.#addresses.holders(textAt(stored, 'address') ?? '').length > 0)
      throw new GoogleError(
        400,
        'resourceInUseByAnotherResource',
        `The address resource '${path}' is already being used.`,
      );
    this.#site.store.delete(`compute/${path}`);
    if (at.collection === 'disks' || at.collection === 'snapshots') this.#instances.diskDeleted(path);
    return this.#done('delete', at, path, stored);
  }

  async #verb(at: ComputePath, verb: string, call: Call, said: string): Promise<JsonObject> {
    const path = `${collectionPath(at)}/${at.name ?? ''}`;
    const stored = this.#stored(path);
    if (at.collection === 'instanceGroupManagers' || at.collection === 'instanceGroups') {
      const answer = this.#groups.verb(path, verb, call.method, await readJson(call), call.query);
      if (answer === undefined) throw notRehearsed(said);
      return answer;
    }
    if (call.method !== 'POST') throw notRehearsed(said);
    const body = await readJson(call);
    const setter = setters[verb];
    if (setter !== undefined) {
      refuseOldFingerprint(...fingerprintOf(verb, stored), body);
      const whole = withWholeLinks(at.project, setter(body));
      const changed = withFingerprints(textAt(stored, 'kind') ?? '', { ...stored, ...whole }, this.#fingerprint());
      this.#site.store.put(`compute/${path}`, changed);
      return this.#done(verb, at, path, changed);
    }
    if (at.collection === 'instances') {
      const answer = this.#instances.verb(path, verb, body, call.query);
      if (answer !== undefined) return answer;
    }
    if (at.collection === 'disks' && (verb === 'addResourcePolicies' || verb === 'removeResourcePolicies')) {
      const named = listAt(withNamedLinks(this.#site.store, at.project, body), 'resourcePolicies');
      const before = listAt(stored, 'resourcePolicies');
      const policies =
        verb === 'addResourcePolicies' ? [...before, ...named] : before.filter((one) => !named.includes(one));
      refuseUnknownReferences(this.#site.store, at.project, { policies });
      this.#site.store.put(`compute/${path}`, { ...stored, resourcePolicies: policies });
      return this.#done(verb, at, path, stored);
    }
    if (at.collection === 'disks' && verb === 'resize') {
      this.#site.store.put(`compute/${path}`, { ...stored, sizeGb: textAt(body, 'sizeGb') ?? '' });
      return this.#done(verb, at, path, stored);
    }
    throw notRehearsed(said);
  }

  #stored(path: string): JsonObject {
    const stored = this.#site.store.get(`compute/${path}`);
    if (stored === undefined) throw notFound(path);
    return stored;
  }

  #fingerprint(): string {
    return Buffer.from(this.#site.newId()).toString('base64').slice(0, 12).replaceAll('=', 'A');
  }

  #done(type: string, at: ComputePath, path: string, stored: JsonObject): JsonObject {
    return this.#operations.done(type, { scope: scopePath(at), path, id: textAt(stored, 'id') ?? '' });
  }
}
