/**
 * The metadata server of a Google Cloud VM: the only thing of Google that the agent asks. Plain HTTP on the machine's
 * own link, as Google has it; an answer without Google's header is somebody else's. Only loaded with `identity: google`.
 */
import http from 'node:http';
import { problem, LongshoreError } from '../../fleet/errors.ts';
import { withTimeLimit } from '../with-time-limit.ts';

const HOST = 'metadata.google.internal';
const ACCOUNT = '/computeMetadata/v1/instance/service-accounts/default';
const TIMEOUT_MS = 10_000;
const LARGEST_REPLY_BYTES = 64 * 1024;

export interface MetadataServer {
  /** A signed token that says which instance this is, for one audience. @throws GOOGLE_UNAVAILABLE */
  identityToken(audience: string, signal: AbortSignal): Promise<string>;
  /** @throws GOOGLE_UNAVAILABLE */
  accessToken(signal: AbortSignal): Promise<{ readonly token: string; readonly expiresInMs: number }>;
}

/** @param place where the name is reached instead of asking the resolver; for tests, which have none of their own */
export function metadataServer(
  place: { readonly host: string; readonly port: number } = { host: HOST, port: 80 },
): MetadataServer {
  const get = (path: string, signal: AbortSignal): Promise<string> =>
    withTimeLimit(signal, TIMEOUT_MS, (limited) => ask(place, path, limited)).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new LongshoreError('GOOGLE_UNAVAILABLE', `ask ${HOST} for ${what(path)}: ${reason}`, { cause: error });
    });
  return {
    identityToken: async (audience, signal) => {
      const query = new URLSearchParams({ audience, format: 'full', licenses: 'FALSE' });
      return (await get(`${ACCOUNT}/identity?${query.toString()}`, signal)).trim();
    },
    accessToken: async (signal) => {
      const path = `${ACCOUNT}/token`;
      const found = tokenOf(await get(path, signal));
      if (found === null) throw new LongshoreError('GOOGLE_UNAVAILABLE', `ask ${HOST} for ${what(path)}: not found`);
      return found;
    },
  };
}

const what = (path: string): string =>
  path.startsWith(`${ACCOUNT}/identity`) ? 'an identity token' : 'an access token';

function tokenOf(text: string): { readonly token: string; readonly expiresInMs: number } | null {
  const said = jsonOf(text);
  if (typeof said !== 'object' || said === null || !('access_token' in said) || !('expires_in' in said)) return null;
  const { access_token: token, expires_in: seconds } = said;
  return typeof token === 'string' && token !== '' && typeof seconds === 'number'
    ? { token, expiresInMs: seconds * 1_000 }
    : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function ask(
  place: { readonly host: string; readonly port: number },
  path: string,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'metadata-flavor': 'Google', host: HOST };
    const request = http.get({ ...place, path, headers, signal, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > LARGEST_REPLY_BYTES) request.destroy(new Error('the answer is too large'));
      });
      reply.on('error', reject);
      reply.on('end', () => {
        if (reply.headers['metadata-flavor'] !== 'Google') reject(new Error('this is not a VM of Google Cloud'));
        else if (reply.statusCode !== 200) reject(new Error(`the answer was ${reply.statusCode ?? 0}`));
        else resolve(text);
      });
    });
    request.on('error', reject);
    // All that comes of a `101 Switching Protocols`, which no time limit ends.
    request.on('close', () => reject(new Error('the connection was closed without an answer')));
  });
}

/** What keeps an enrolment from its token, as data. */
export function problemOf(error: unknown): ReturnType<typeof problem> {
  if (error instanceof LongshoreError) return error.problem;
  return problem('GOOGLE_UNAVAILABLE', error instanceof Error ? error.message : String(error));
}
