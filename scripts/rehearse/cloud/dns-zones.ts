/** Cloud DNS: a managed zone exists before the fleet does (a person made it); its records are the stack's. */
import { type Answer, type Call, jsonAnswer, readJson } from './exchange.ts';
import { alreadyExists, invalid, notFound, notRehearsed } from './google-error.ts';
import { type JsonObject, listAt, objectsAt, textAt } from './json.ts';
import type { Site } from './site.ts';

export class DnsZones {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async handle(call: Call): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    const match =
      /^\/dns\/v1\/projects\/([^/]+)\/managedZones(?:\/([^/]+)(?:\/(rrsets|changes)(?:\/([^/]+)(?:\/([A-Z]+))?)?)?)?$/.exec(
        decodeURIComponent(call.path),
      );
    const [, project = '', zone, part, name, type] = match ?? [];
    if (match === null || project !== this.#site.project) throw notRehearsed(said);
    if (zone === undefined) {
      if (call.method !== 'POST') throw notRehearsed(said);
      return jsonAnswer(this.#createZone(await readJson(call)));
    }
    const path = `dns/${zone}`;
    const stored = this.#site.store.get(path);
    if (stored === undefined) throw notFound(`managedZones/${zone}`);
    if (part === undefined) {
      if (call.method === 'GET') return jsonAnswer(stored);
      if (call.method !== 'DELETE') throw notRehearsed(said);
      if (this.#records(zone).length > 0) throw invalid('The managed zone is not empty.');
      this.#site.store.delete(path);
      return jsonAnswer({});
    }
    if (part === 'changes') {
      if (call.method === 'GET') return jsonAnswer({ id: name ?? '1', status: 'done' });
      const body = await readJson(call);
      for (const record of objectsAt(body, 'deletions')) this.#site.store.delete(recordKey(zone, record));
      for (const record of objectsAt(body, 'additions')) this.#add(zone, record);
      return jsonAnswer({ id: this.#site.newId(), status: 'done', startTime: this.#site.now().toISOString() });
    }
    if (name !== undefined) {
      const key = recordKey(zone, { name, type: type ?? '' });
      const record = this.#site.store.get(key);
      if (record === undefined) throw notFound(key);
      if (call.method === 'GET') return jsonAnswer(record);
      if (call.method === 'DELETE') {
        this.#site.store.delete(key);
        return jsonAnswer({});
      }
      if (call.method !== 'PATCH') throw notRehearsed(said);
      const changed = { ...record, ...(await readJson(call)) };
      this.#site.store.put(key, changed);
      return jsonAnswer(changed);
    }
    if (call.method === 'POST') return jsonAnswer(this.#add(zone, await readJson(call)));
    if (call.method !== 'GET') throw notRehearsed(said);
    const [wantedName, wantedType] = [call.query.get('name'), call.query.get('type')];
    const rrsets = this.#records(zone).filter(
      (one) =>
        (wantedName === null || one['name'] === wantedName) && (wantedType === null || one['type'] === wantedType),
    );
    return jsonAnswer({ kind: 'dns#resourceRecordSetsListResponse', rrsets });
  }

  /** IPv4 addresses of a name (no dot at its end) in any zone. */
  addressesOf(name: string): string[] {
    return this.#site.store
      .all('dns-records/')
      .filter(({ body }) => body['type'] === 'A' && body['name'] === `${name}.`)
      .flatMap(({ body }) => listAt(body, 'rrdatas').map(String));
  }

  #createZone(body: JsonObject): JsonObject {
    const name = textAt(body, 'name') ?? '';
    const path = `dns/${name}`;
    if (this.#site.store.get(path) !== undefined) throw alreadyExists(path);
    const zone = {
      visibility: 'public',
      ...body,
      kind: 'dns#managedZone',
      id: this.#site.newId(),
      nameServers: ['ns-cloud-a1.googledomains.com.'],
      creationTime: this.#site.now().toISOString(),
    };
    this.#site.store.put(path, zone);
    return zone;
  }

  #add(zone: string, record: JsonObject): JsonObject {
    const key = recordKey(zone, record);
    if (this.#site.store.get(key) !== undefined) throw alreadyExists(key);
    const stored = { kind: 'dns#resourceRecordSet', ...record };
    this.#site.store.put(key, stored);
    return stored;
  }

  #records(zone: string): JsonObject[] {
    return this.#site.store.all(`dns-records/${zone}/`).map((stored) => stored.body);
  }
}

function recordKey(zone: string, record: JsonObject): string {
  return `dns-records/${zone}/${textAt(record, 'name') ?? ''}/${textAt(record, 'type') ?? ''}`;
}
