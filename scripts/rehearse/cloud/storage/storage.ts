/**
 * Cloud Storage: JSON API with uploads in one piece, in two parts and in many, downloads by JSON's and by plain
 * addresses, versions. `storage/o/BUCKET/NAME` is the live object, `storage/o/BUCKET/NAME#GENERATION` an older one.
 */
import { Readable } from 'node:stream';
import { type Answer, type Call, jsonAnswer, readBytes, readJson } from '../exchange.ts';
import { GoogleError, invalid, notRehearsed } from '../google-error.ts';
import { isObject, type JsonObject, textAt } from '../json.ts';
import type { Site } from '../site.ts';
import type { Buckets } from './buckets.ts';
import { splitMultipart } from './multipart.ts';
import type { ObjectFiles, Written } from './object-files.ts';

const readers = [
  'roles/storage.objectViewer',
  'roles/storage.objectUser',
  'roles/storage.objectAdmin',
  'roles/storage.admin',
];
const creators = [
  'roles/storage.objectCreator',
  'roles/storage.objectUser',
  'roles/storage.objectAdmin',
  'roles/storage.admin',
];
const replacers = ['roles/storage.objectUser', 'roles/storage.objectAdmin', 'roles/storage.admin'];

interface Upload {
  readonly bucket: string;
  readonly name: string;
  readonly resource: JsonObject;
  readonly file: string;
  readonly generationMatch: string | null;
}

export class Storage {
  readonly #site: Site;
  readonly #buckets: Buckets;
  readonly #files: ObjectFiles;
  /** Uploads in many pieces; a client begins such a one anew after the stand-in was away. */
  readonly #uploads = new Map<string, Upload & { received: number }>();

  constructor(site: Site, buckets: Buckets, files: ObjectFiles) {
    this.#site = site;
    this.#buckets = buckets;
    this.#files = files;
  }

  async handle(call: Call): Promise<Answer> {
    const said = `${call.method} https://${call.host}${call.path}`;
    if (call.path === '/storage/v1/b') return this.#buckets.collection(call);
    const policy = /^\/storage\/v1\/b\/([^/]+)\/iam$/.exec(call.path)?.[1];
    if (policy !== undefined) return this.#buckets.policy(call, policy);
    const bucket = /^\/storage\/v1\/b\/([^/]+)$/.exec(call.path)?.[1];
    if (bucket !== undefined) return this.#buckets.one(call, bucket);
    const upload = /^\/(?:resumable\/)?upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(call.path)?.[1];
    if (upload !== undefined) return this.#upload(call, upload, said);
    const list = /^\/storage\/v1\/b\/([^/]+)\/o\/?$/.exec(call.path)?.[1];
    if (list !== undefined && call.method === 'GET') return this.#list(call, list);
    const object = /^\/(?:download\/)?storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(call.path);
    if (object?.[1] !== undefined && object[2] !== undefined)
      return this.#object(call, object[1], decodeURIComponent(object[2]), said);
    const plain = /^\/([a-z0-9][-_.a-z0-9]+[a-z0-9])\/(.+)$/.exec(call.path);
    if (plain?.[1] !== undefined && plain[2] !== undefined && call.method === 'GET') {
      const name = decodeURIComponent(plain[2]);
      this.#buckets.get(plain[1]);
      this.#buckets.require(call, plain[1], readers, 'storage.objects.get', name);
      return this.#media(call, plain[1], this.#get(plain[1], name, null));
    }
    throw notRehearsed(said);
  }

  async #object(call: Call, bucket: string, name: string, said: string): Promise<Answer> {
    this.#buckets.get(bucket);
    const generation = call.query.get('generation');
    switch (call.method) {
      case 'GET': {
        this.#buckets.require(call, bucket, readers, 'storage.objects.get', name);
        const stored = this.#get(bucket, name, generation);
        return call.query.get('alt') === 'media' || call.path.startsWith('/download/')
          ? this.#media(call, bucket, stored)
          : jsonAnswer(stored);
      }
      case 'PATCH': {
        const stored = this.#get(bucket, name, null);
        const changed = {
          ...stored,
          ...(await readJson(call)),
          metageneration: String(Number(stored['metageneration'] ?? 1) + 1),
          updated: this.#site.now().toISOString(),
        };
        this.#site.store.put(`storage/o/${bucket}/${name}`, changed);
        return jsonAnswer(changed);
      }
      case 'DELETE':
        this.#buckets.require(call, bucket, replacers, 'storage.objects.delete', name);
        this.#delete(bucket, this.#get(bucket, name, generation), generation !== null);
        return { status: 204 };
      default:
        throw notRehearsed(said);
    }
  }

  #get(bucket: string, name: string, generation: string | null): JsonObject {
    const live = this.#site.store.get(`storage/o/${bucket}/${name}`);
    if (live !== undefined && (generation === null || live['generation'] === generation)) return live;
    const older = generation === null ? undefined : this.#site.store.get(`storage/o/${bucket}/${name}#${generation}`);
    if (older === undefined) throw new GoogleError(404, 'notFound', `No such object: ${bucket}/${name}`);
    return older;
  }

  #media(call: Call, bucket: string, stored: JsonObject): Answer {
    const size = Number(stored['size'] ?? 0);
    const headers = {
      'content-type': textAt(stored, 'contentType') ?? 'application/octet-stream',
      etag: textAt(stored, 'etag') ?? '',
      'x-goog-generation': textAt(stored, 'generation') ?? '',
      'x-goog-hash': `crc32c=${textAt(stored, 'crc32c') ?? ''},md5=${textAt(stored, 'md5Hash') ?? ''}`,
    };
    const generation = `${bucket}-${textAt(stored, 'generation') ?? ''}`;
    const range = /^bytes=(\d+)-(\d*)$/.exec(call.headers.range ?? '');
    if (range === null)
      return {
        status: 200,
        headers: { ...headers, 'content-length': String(size) },
        body: this.#files.read(generation),
      };
    const start = Number(range[1]);
    const end = range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1);
    if (start >= size) return { status: 416, headers: { 'content-range': `bytes */${size}` } };
    return {
      status: 206,
      headers: {
        ...headers,
        'content-length': String(end - start + 1),
        'content-range': `bytes ${start}-${end}/${size}`,
      },
      body: this.#files.read(generation, { start, end }),
    };
  }

  #list(call: Call, bucket: string): Answer {
    this.#buckets.get(bucket);
    const prefix = call.query.get('prefix') ?? '';
    this.#buckets.require(call, bucket, readers, 'storage.objects.list', prefix);
    const versions = call.query.get('versions') === 'true';
    const items = this.#site.store
      .all(`storage/o/${bucket}/${prefix}`)
      .filter(({ body }) => versions || body['timeDeleted'] === undefined)
      .map(({ body }) => body);
    return jsonAnswer({ kind: 'storage#objects', items });
  }

  async #upload(call: Call, bucket: string, said: string): Promise<Answer> {
    const generationMatch = call.query.get('ifGenerationMatch');
    const type = call.query.get('uploadType');
    const session = call.query.get('upload_id');
    if (session !== null) return this.#continue(call, session);
    if (call.method !== 'POST') throw notRehearsed(said);
    this.#buckets.get(bucket);
    const begin = (resource: JsonObject): Upload => {
      const name = textAt(resource, 'name') ?? call.query.get('name');
      if (name === null || name === '') throw invalid('Required parameter: name');
      const exists = this.#site.store.get(`storage/o/${bucket}/${name}`) !== undefined;
      const permission = exists ? 'storage.objects.delete' : 'storage.objects.create';
      this.#buckets.require(call, bucket, exists ? replacers : creators, permission, name);
      return { bucket, name, resource, file: this.#files.newFile(), generationMatch };
    };
    switch (type) {
      case 'media': {
        const upload = begin({ contentType: call.headers['content-type'] ?? 'application/octet-stream' });
        await this.#files.append(upload.file, call.body);
        return jsonAnswer(await this.#finish(upload));
      }
      case 'multipart': {
        const parts = splitMultipart(call.headers, await readBytes(call.body));
        const upload = begin({ contentType: parts.contentType, ...parts.resource });
        await this.#files.append(upload.file, Readable.from([parts.content]));
        return jsonAnswer(await this.#finish(upload));
      }
      case 'resumable': {
        const resource = await readJson(call);
        const contentType = call.headers['x-upload-content-type'];
        const id = this.#site.newId();
        this.#uploads.set(id, {
          ...begin(typeof contentType === 'string' ? { contentType, ...resource } : resource),
          received: 0,
        });
        const location = `https://storage.googleapis.com/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
        return { status: 200, headers: { location, 'x-guploader-uploadid': id } };
      }
      default:
        throw notRehearsed(`${said}?uploadType=${type ?? ''}`);
    }
  }

  async #continue(call: Call, id: string): Promise<Answer> {
    const upload = this.#uploads.get(id);
    if (upload === undefined) throw new GoogleError(404, 'notFound', 'No such upload session.');
    const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(call.headers['content-range'] ?? '');
    const start = range?.[1];
    if (start === undefined || Number(start) === upload.received) {
      await this.#files.append(upload.file, call.body);
      if (range?.[2] !== undefined) upload.received = Number(range[2]) + 1;
    } else {
      await readBytes(call.body);
    }
    const total = range?.[3];
    if (range !== null && (total === '*' || (total !== undefined && Number(total) > upload.received)))
      return {
        // Google's Go client asks for a 200 that is meant as a 308.
        status: call.headers['x-guploader-no-308'] === 'yes' ? 200 : 308,
        headers: {
          ...(upload.received === 0 ? {} : { range: `bytes=0-${upload.received - 1}` }),
          'x-http-status-code-override': '308',
        },
      };
    this.#uploads.delete(id);
    return jsonAnswer(await this.#finish(upload));
  }

  async #finish(upload: Upload): Promise<JsonObject> {
    const written = await this.#files.finish(upload.file);
    const path = `storage/o/${upload.bucket}/${upload.name}`;
    const before = this.#site.store.get(path);
    if (upload.generationMatch !== null && upload.generationMatch !== (textAt(before ?? {}, 'generation') ?? '0'))
      throw new GoogleError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
    if (before !== undefined) this.#delete(upload.bucket, before, false);
    return this.#put(path, upload, written);
  }

  #put(path: string, upload: Upload, written: Written): JsonObject {
    const generation = this.#site.newId();
    const time = this.#site.now().toISOString();
    const root = `https://www.googleapis.com/storage/v1/b/${upload.bucket}/o/${encodeURIComponent(upload.name)}`;
    const object: JsonObject = {
      contentType: 'application/octet-stream',
      storageClass: 'STANDARD',
      ...withoutEmptyMetadata(upload.resource),
      kind: 'storage#object',
      id: `${upload.bucket}/${upload.name}/${generation}`,
      name: upload.name,
      bucket: upload.bucket,
      generation,
      metageneration: '1',
      size: String(written.size),
      md5Hash: written.md5Hash,
      crc32c: written.crc32c,
      etag: Buffer.from(generation).toString('base64'),
      timeCreated: time,
      updated: time,
      selfLink: root,
      mediaLink: `https://storage.googleapis.com/download/storage/v1/b/${upload.bucket}/o/${encodeURIComponent(upload.name)}?generation=${generation}&alt=media`,
    };
    this.#files.keep(written, `${upload.bucket}-${generation}`);
    this.#site.store.put(path, object);
    return object;
  }

  /** Where the bucket keeps versions, a live object that goes becomes an older one. */
  #delete(bucket: string, stored: JsonObject, forGood: boolean): void {
    const name = textAt(stored, 'name') ?? '';
    const generation = textAt(stored, 'generation') ?? '';
    const isLive = stored['timeDeleted'] === undefined;
    const live = `storage/o/${bucket}/${name}`;
    if (isLive && this.#buckets.isVersioned(bucket) && !forGood) {
      this.#site.store.put(`${live}#${generation}`, { ...stored, timeDeleted: this.#site.now().toISOString() });
    } else {
      this.#files.remove(`${bucket}-${generation}`);
    }
    this.#site.store.delete(isLive ? live : `${live}#${generation}`);
  }
}

function withoutEmptyMetadata(resource: JsonObject): JsonObject {
  const { metadata, ...rest } = resource;
  return isObject(metadata) && Object.keys(metadata).length > 0 ? resource : rest;
}
