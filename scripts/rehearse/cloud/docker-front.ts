/**
 * `*-docker.pkg.dev`: a real registry behind a door that takes only tokens which this stand-in gave out, for
 * repositories that exist, by accounts whose roles suffice. The same door without TLS is what this machine's own Docker
 * pushes to.
 */
import http from 'node:http';
import type { Readable } from 'node:stream';
import { type Answer, type Call, type Caller, jsonAnswer } from './exchange.ts';
import { isAllowed } from './permissions.ts';
import type { IamPolicies } from './iam-policies.ts';
import type { Repositories } from './repositories.ts';
import type { Site } from './site.ts';
import type { Tokens } from './tokens.ts';

const readers = [
  'roles/artifactregistry.reader',
  'roles/artifactregistry.writer',
  'roles/artifactregistry.repoAdmin',
  'roles/artifactregistry.admin',
];
const writers = readers.slice(1);
const removers = readers.slice(2);

export interface DockerFrontOptions {
  readonly site: Site;
  readonly tokens: Tokens;
  readonly policies: IamPolicies;
  readonly repositories: Repositories;
  /** Of the registry behind. */
  readonly port: number;
}

export class DockerFront {
  readonly #options: DockerFrontOptions;

  constructor(options: DockerFrontOptions) {
    this.#options = options;
  }

  async handle(call: Omit<Call, 'caller'>, scheme: 'http' | 'https'): Promise<Answer> {
    if (call.path === '/v2/token') return this.#token(call);
    const caller = this.#caller(call.headers.authorization);
    if (caller === undefined) {
      const realm = `${scheme}://${call.headers.host ?? ''}/v2/token`;
      return refusal(401, 'UNAUTHORIZED', 'authentication required', {
        'www-authenticate': `Bearer realm="${realm}",service="${call.headers.host ?? ''}"`,
      });
    }
    if (call.path === '/v2/' || call.path === '/v2') return jsonAnswer({});
    const [, project = '', repository = ''] = /^\/v2\/([^/]+)\/([^/]+)\/.+/.exec(call.path) ?? [];
    const location = /^(.+)-docker\.pkg\.dev$/.exec(call.host)?.[1] ?? null;
    const resource = this.#options.repositories.find(project, repository, location);
    if (resource === undefined)
      return refusal(404, 'NAME_UNKNOWN', `Repository "${repository}" not found in project ${project}`);
    const isRead = call.method === 'GET' || call.method === 'HEAD';
    const roles = isRead ? readers : call.method === 'DELETE' ? removers : writers;
    const permission = isRead ? 'downloadArtifacts' : call.method === 'DELETE' ? 'versions.delete' : 'uploadArtifacts';
    const wanted = { roles, permission, project: this.#options.site.project, resource };
    if (!isAllowed(this.#options.policies, caller, wanted))
      return refusal(403, 'DENIED', `Permission "artifactregistry.repositories.${permission}" denied on "${resource}"`);
    return this.#passOn(call, scheme);
  }

  /** Docker's own kind of token is here the access token itself. */
  #token(call: Omit<Call, 'caller'>): Answer {
    const given = this.#given(call.headers.authorization);
    const caller = given === undefined ? undefined : this.#options.tokens.caller(given);
    if (given === undefined || caller === undefined)
      return refusal(401, 'UNAUTHORIZED', 'The access token was not given out by this project or has ended.');
    return jsonAnswer({
      token: given,
      access_token: given,
      expires_in: 3600,
      issued_at: this.#options.site.now().toISOString(),
    });
  }

  #caller(authorization: string | undefined): Caller | undefined {
    const given = this.#given(authorization);
    return given === undefined ? undefined : this.#options.tokens.caller(given);
  }

  /** `oauth2accesstoken` with the token as its password, or the token alone. */
  #given(authorization: string | undefined): string | undefined {
    const [, scheme = '', value = ''] = /^(Basic|Bearer) (.+)$/i.exec(authorization ?? '') ?? [];
    if (scheme.toLowerCase() === 'bearer') return value;
    const [user, ...rest] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return user === 'oauth2accesstoken' ? rest.join(':') : undefined;
  }

  #passOn(call: Omit<Call, 'caller'>, scheme: string): Promise<Answer> {
    const query = call.query.toString();
    const { authorization: _, ...headers } = call.headers;
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          host: '127.0.0.1',
          port: this.#options.port,
          method: call.method,
          path: query === '' ? call.path : `${call.path}?${query}`,
          headers: { ...headers, 'x-forwarded-proto': scheme },
        },
        (response) => {
          const given = Object.entries(response.headers).filter(
            (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== 'connection',
          );
          resolve({
            status: response.statusCode ?? 502,
            headers: Object.fromEntries(given),
            body: response as Readable,
          });
        },
      );
      request.once('error', reject);
      call.body.once('error', reject);
      call.body.pipe(request);
    });
  }
}

function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'docker-distribution-api-version': 'registry/2.0', ...headers },
    body: JSON.stringify({ errors: [{ code, message }] }),
  };
}
