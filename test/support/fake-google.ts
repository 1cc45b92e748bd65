/**
 * A server that speaks like Google, as far as the coordinator and the agent ask it: over real HTTPS under Google's names
 * (with a root of its own), and the metadata server over HTTP. It refuses whoever has no token of its own.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { googleHttp, METADATA_HOST, type GoogleHttp } from '../../coordinator/google/google-http.ts';
import { testAuthority } from './test-authority.ts';

export interface FakeInstance {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly email: string;
}

export const PROJECT = 'my-project';
export const PROJECT_NUMBER = '123456789012';
export const POOL_ACCOUNT = 'ship-edge@my-project.iam.gserviceaccount.com';

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An instance of Cloud SQL, with the users of what runs behind it. */
export interface FakeSqlInstance {
  readonly name: string;
  state: string;
  readonly privateAddress: string;
  root: string;
  readonly users: () => Promise<readonly string[]>;
  readonly setPassword: (user: string, password: string, isNew: boolean) => Promise<void>;
}

const fails = (status: number, message: string): Answer => ({ status, body: { error: { code: status, message } } });

export class FakeGoogle {
  readonly #secure: https.Server;
  readonly #plain: http.Server;
  /** What those who ask it must trust, PEM. */
  readonly root: string;
  readonly #tokens = new Set<string>();
  #keys: { readonly kid: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject }[] = [];
  /** `METHOD host/path`, in order. */
  readonly asked: string[] = [];
  /** By zone. */
  readonly instances = new Map<string, FakeInstance[]>();
  /** What a zone answers instead of its list. */
  readonly zoneAnswers = new Map<string, Answer>();
  /** By group; one that is not here does not exist. */
  readonly groupErrors = new Map<string, readonly { readonly timestamp: string; readonly error: object }[]>();
  readonly objects = new Map<string, string>();
  /** Versions by secret; a secret that is not here does not exist. */
  readonly secrets = new Map<string, Buffer[]>();
  /** Tag to digest by package, and which images there are. */
  readonly tags = new Map<string, Map<string, string>>();
  readonly images = new Set<string>();
  sql: FakeSqlInstance | null = null;
  cacheControl = 'public, max-age=3600';
  tokenSeconds = 3_600;
  /** Calls of these paths are refused so. */
  refuse: ((path: string) => Answer | null) | null = null;

  private constructor() {
    const { root, cert, key } = testAuthority(['*.googleapis.com', '*.pkg.dev']);
    this.root = root;
    this.#secure = https.createServer({ cert, key }, (request, reply) => void this.#serve(request, reply));
    this.#plain = http.createServer((request, reply) => this.#metadata(request, reply));
    this.rotateKeys();
  }

  static async start(): Promise<FakeGoogle> {
    const made = new FakeGoogle();
    for (const server of [made.#secure, made.#plain])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  async stop(): Promise<void> {
    for (const server of [this.#secure, this.#plain]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** The client as the product makes it, except for where Google's names are. */
  http(ca: readonly string[] = [this.root]): GoogleHttp {
    return googleHttp({
      ca,
      timeoutMs: 5_000,
      connect: (hostname) => ({
        host: '127.0.0.1',
        port: hostname === METADATA_HOST ? this.metadataPort : this.securePort,
      }),
    });
  }

  get securePort(): number {
    return port(this.#secure);
  }

  get metadataPort(): number {
    return port(this.#plain);
  }

  /** The newest signs; one before it is still published. */
  rotateKeys(): void {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#keys = [{ kid: randomBytes(8).toString('hex'), ...pair }, ...this.#keys.slice(0, 1)];
  }

  claimsOf(instance: FakeInstance, audience: string, nowMs = Date.now()): Record<string, unknown> {
    const iat = Math.floor(nowMs / 1000);
    return {
      aud: audience,
      iss: 'https://accounts.google.com',
      iat,
      exp: iat + 3600,
      email: instance.email,
      email_verified: true,
      google: {
        compute_engine: {
          instance_id: instance.id,
          instance_name: instance.name,
          project_id: PROJECT,
          project_number: Number(PROJECT_NUMBER),
          zone: instance.zone,
        },
      },
    };
  }

  signed(claims: unknown, header: Readonly<Record<string, unknown>> = {}): string {
    const [newest] = this.#keys;
    if (newest === undefined) throw new Error('there is no key');
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'RS256', kid: newest.kid, typ: 'JWT', ...header })}.${part(claims)}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), newest.privateKey).toString('base64url')}`;
  }

  addInstance(instance: FakeInstance): FakeInstance {
    this.instances.set(instance.zone, [...(this.instances.get(instance.zone) ?? []), instance]);
    return instance;
  }

  removeInstance({ zone, id }: FakeInstance): void {
    this.instances.set(
      zone,
      (this.instances.get(zone) ?? []).filter((one) => one.id !== id),
    );
  }

  async #serve(request: http.IncomingMessage, reply: http.ServerResponse): Promise<void> {
    const host = request.headers.host ?? '';
    const url = new URL(request.url ?? '/', `https://${host}`);
    this.asked.push(`${request.method ?? ''} ${host}${url.pathname}`);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body: unknown = text === '' ? null : JSON.parse(text);
    const answer = await this.#answer(request, url, body);
    const content = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    reply.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    reply.end(answer.status === 304 ? undefined : content);
  }

  #answer(request: http.IncomingMessage, url: URL, body: unknown): Answer | Promise<Answer> {
    if (url.hostname === 'www.googleapis.com' && url.pathname === '/oauth2/v3/certs') return this.#certificates();
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!this.#tokens.has(token)) return fails(401, 'Request had invalid authentication credentials.');
    const refused = this.refuse?.(url.pathname) ?? null;
    if (refused !== null) return refused;
    switch (url.hostname) {
      case 'storage.googleapis.com':
        return this.#object(url, request.headers['if-none-match']);
      case 'compute.googleapis.com':
        return this.#list(url);
      case 'secretmanager.googleapis.com':
        return this.#secret(url, body as { payload?: { data?: string } } | null);
      case 'artifactregistry.googleapis.com':
        return this.#tag(request.method ?? '', url, body as { version?: string } | null);
      case 'sqladmin.googleapis.com':
        return this.#database(request.method ?? '', url, body as { name?: string; password?: string } | null);
      default:
        return fails(404, 'no such service');
    }
  }

  #certificates(): Answer {
    const keys = this.#keys.map(({ kid, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg: 'RS256',
      use: 'sig',
    }));
    return { status: 200, body: { keys }, headers: { 'cache-control': this.cacheControl } };
  }

  #object(url: URL, known: string | undefined): Answer {
    const name = /\/o\/(.+)$/.exec(url.pathname)?.[1] ?? '';
    const text = this.objects.get(name);
    if (text === undefined) return fails(404, `No such object: ${name}`);
    const etag = Buffer.from(text).toString('base64url').slice(-40);
    return known === etag ? { status: 304, body: '' } : { status: 200, body: text, headers: { etag } };
  }

  /** Two a page, so that pages are followed. */
  #list(url: URL): Answer {
    const group = /\/instanceGroupManagers\/([^/]+)\/listErrors$/.exec(url.pathname)?.[1];
    if (group !== undefined) {
      const items = this.groupErrors.get(group);
      return items === undefined ? fails(404, `no group ${group}`) : { status: 200, body: { items } };
    }
    const zone = /\/zones\/([^/]+)\/instances$/.exec(url.pathname)?.[1] ?? '';
    const other = this.zoneAnswers.get(zone);
    if (other !== undefined) return other;
    const all = this.instances.get(zone) ?? [];
    const start = Number(url.searchParams.get('pageToken') ?? '0');
    const items = all.slice(start, start + 2).map(({ id }) => ({ id }));
    const more = start + 2 < all.length ? { nextPageToken: String(start + 2) } : {};
    return { status: 200, body: items.length === 0 ? { warning: { code: 'NO_RESULTS_ON_PAGE' } } : { items, ...more } };
  }

  #secret(url: URL, body: { readonly payload?: { readonly data?: string } } | null): Answer {
    const [, name = '', rest = ''] = /\/secrets\/([^/:]+)(.*)$/.exec(url.pathname) ?? [];
    const versions = this.secrets.get(name);
    const newest = versions?.at(-1);
    if (rest === '/versions/latest:access')
      return newest === undefined
        ? fails(404, `Secret [${name}] not found or has no versions.`)
        : { status: 200, body: { payload: { data: newest.toString('base64') } } };
    if (rest !== ':addVersion' || versions === undefined) return fails(404, `Secret [${name}] not found.`);
    versions.push(Buffer.from(body?.payload?.data ?? '', 'base64'));
    return { status: 200, body: { name: `projects/1/secrets/${name}/versions/${versions.length}` } };
  }

  async #database(
    method: string,
    url: URL,
    body: { readonly name?: string; readonly password?: string } | null,
  ): Promise<Answer> {
    const { sql } = this;
    const base = `/v1/projects/${PROJECT}/instances/${sql?.name ?? ''}`;
    if (sql === null || !url.pathname.startsWith(base)) return fails(404, 'The Cloud SQL instance does not exist.');
    if (url.pathname === base) {
      const ipAddresses = [{ type: 'PRIVATE', ipAddress: sql.privateAddress }];
      return { status: 200, body: { state: sql.state, ipAddresses, serverCaCert: { cert: sql.root } } };
    }
    const users = await sql.users();
    const name = method === 'PUT' ? url.searchParams.get('name') : body?.name;
    switch (method) {
      case 'GET':
        return { status: 200, body: { items: users.map((user) => ({ name: user })) } };
      case 'POST':
      case 'PUT': {
        const isNew = method === 'POST';
        if (name == null || body?.password === undefined || users.includes(name) === isNew)
          return fails(400, 'Invalid request');
        await sql.setPassword(name, body.password, isNew);
        return { status: 200, body: { kind: 'sql#operation', status: 'PENDING' } };
      }
      default:
        return fails(405, method);
    }
  }

  #tag(method: string, url: URL, body: { readonly version?: string } | null): Answer {
    const [, repository = '', rest = ''] =
      /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/]+)\/packages(.*)$/.exec(url.pathname) ?? [];
    if (repository === '') return fails(404, 'no such repository');
    if (rest === '') {
      const packages = [...this.tags.keys()].map((name) => ({
        name: `${repository}/packages/${encodeURIComponent(name)}`,
      }));
      return { status: 200, body: { packages } };
    }
    const [, escaped = '', tag = url.searchParams.get('tagId') ?? ''] = /^\/([^/]+)\/tags(?:\/(.+))?$/.exec(rest) ?? [];
    const name = decodeURIComponent(escaped);
    const tags = this.tags.get(name);
    if (tags === undefined) return fails(404, `package ${name} not found`);
    const base = `${repository}/packages/${escaped}`;
    const digest = body?.version?.split('/').at(-1) ?? '';
    switch (method) {
      case 'GET':
        return {
          status: 200,
          body: {
            tags: [...tags].map(([id, of]) => ({ name: `${base}/tags/${id}`, version: `${base}/versions/${of}` })),
          },
        };
      case 'POST':
        if (!this.images.has(digest)) return fails(404, 'version not found');
        if (tags.has(tag)) return fails(409, 'the tag exists');
        tags.set(tag, digest);
        return { status: 200, body: { name: `${base}/tags/${tag}` } };
      case 'PATCH':
        tags.set(tag, digest);
        return { status: 200, body: {} };
      case 'DELETE':
        return tags.delete(tag) ? { status: 200, body: {} } : fails(404, 'no such tag');
      default:
        return fails(405, method);
    }
  }

  /** The machine that asks is the first instance there is. */
  #metadata(request: http.IncomingMessage, reply: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', `http://${METADATA_HOST}`);
    this.asked.push(`${request.method ?? ''} ${METADATA_HOST}${url.pathname}`);
    if (request.headers['metadata-flavor'] !== 'Google') {
      reply.writeHead(403).end();
      return;
    }
    reply.setHeader('metadata-flavor', 'Google');
    if (url.pathname.endsWith('/token')) {
      const token = randomBytes(12).toString('hex');
      this.#tokens.add(token);
      reply.end(JSON.stringify({ access_token: token, expires_in: this.tokenSeconds, token_type: 'Bearer' }));
      return;
    }
    const [machine] = [...this.instances.values()].flat();
    if (machine === undefined || !url.pathname.endsWith('/identity')) reply.writeHead(404).end();
    else reply.end(this.signed(this.claimsOf(machine, url.searchParams.get('audience') ?? '')));
  }

  /** None that was given out counts any more. */
  revokeTokens(): void {
    this.#tokens.clear();
  }
}

const port = (server: http.Server): number => (server.address() as AddressInfo).port;
