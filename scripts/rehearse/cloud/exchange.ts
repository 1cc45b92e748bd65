/** A call of an API and its answer, apart from sockets: what every service of the stand-in takes and gives. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { invalid } from './google-error.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

export type Caller =
  /** Who runs Terraform: holder of the credentials file, owner of the project. */
  | { readonly kind: 'owner'; readonly email: string }
  /** A VM, by its own token. */
  | { readonly kind: 'machine'; readonly email: string; readonly instance: string };

export interface Call {
  readonly method: string;
  readonly host: string;
  /** Decoded by nobody yet: object names carry `%2F`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly caller: Caller;
  readonly body: Readable;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | Readable;
}

export type Service = (call: Call) => Promise<Answer>;

export function jsonAnswer(body: JsonObject, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(body),
  };
}

export async function readBytes(body: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The call's JSON body; a missing one is an empty object, as Google takes it. */
export async function readJson(call: Call): Promise<JsonObject> {
  const text = (await readBytes(call.body)).toString('utf8');
  if (text.trim() === '') return {};
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw invalid(`Invalid JSON payload received in ${call.method} ${call.path}.`);
  }
  if (!isObject(value)) throw invalid('The body must be an object.');
  return value;
}

/** Path segments, each decoded. */
export function segmentsOf(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
}
