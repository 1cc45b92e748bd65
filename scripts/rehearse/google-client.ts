/** The rehearsal's own calls to the stand-in, as `gcloud` would make them: through the proxy, with a token of the owner. */
import { createSign } from 'node:crypto';
import { fetch, ProxyAgent } from 'undici';
import { readCredentialsFile } from './credentials.ts';

export interface GoogleClientOptions {
  readonly proxy: string;
  readonly root: string;
  readonly credentialsFile: string;
}

const tokenUrl = 'https://oauth2.googleapis.com/token';
const limitMs = 15_000;

export class GoogleClient {
  readonly #dispatcher: ProxyAgent;
  readonly #credentialsFile: string;

  constructor({ proxy, root, credentialsFile }: GoogleClientOptions) {
    this.#dispatcher = new ProxyAgent({ uri: proxy, requestTls: { ca: root } });
    this.#credentialsFile = credentialsFile;
  }

  async token(): Promise<string> {
    const { email, privateKey } = readCredentialsFile(this.#credentialsFile);
    const seconds = Math.floor(Date.now() / 1000);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: email, aud: tokenUrl, scope: 'cloud-platform', iat: seconds, exp: seconds + 3600 };
    const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
    const assertion = `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}`;
    const answer = await fetch(tokenUrl, {
      method: 'POST',
      dispatcher: this.#dispatcher,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion,
      }).toString(),
      signal: AbortSignal.timeout(limitMs),
    });
    return ((await answer.json()) as { readonly access_token: string }).access_token;
  }

  /** The body, or undefined for what is not there. */
  async call(method: string, url: string, body?: object): Promise<string | undefined> {
    const answer = await fetch(url, {
      method,
      dispatcher: this.#dispatcher,
      headers: { authorization: `Bearer ${await this.token()}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(limitMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text.slice(0, 500)}`);
    return text;
  }

  async json<T>(method: string, url: string, body?: object): Promise<T | undefined> {
    const text = await this.call(method, url, body);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** Newest version of a secret. */
  async secret(project: string, name: string): Promise<string | undefined> {
    const url = `https://secretmanager.googleapis.com/v1/projects/${project}/secrets/${name}/versions/latest:access`;
    const found = await this.json<{ readonly payload: { readonly data: string } }>('GET', url);
    return found === undefined ? undefined : Buffer.from(found.payload.data, 'base64').toString('utf8');
  }

  async object(bucket: string, name: string): Promise<string | undefined> {
    return this.call(
      'GET',
      `https://storage.googleapis.com/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`,
    );
  }
}
