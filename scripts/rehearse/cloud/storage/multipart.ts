/** The two parts of a multipart/related upload: what the object is called, and its content. */
import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from '../google-error.ts';
import { type Json, type JsonObject, isObject } from '../json.ts';

export interface MultipartUpload {
  readonly resource: JsonObject;
  readonly contentType: string;
  readonly content: Buffer;
}

export function splitMultipart(headers: IncomingHttpHeaders, body: Buffer): MultipartUpload {
  const boundary = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) throw invalid('A multipart upload names its boundary.');
  const parts: { readonly head: string; readonly content: Buffer }[] = [];
  const mark = Buffer.from(`--${boundary}`);
  let from = body.indexOf(mark);
  while (from >= 0) {
    const start = from + mark.length;
    const next = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), start);
    if (next < 0) break;
    const part = body.subarray(start + 2, next);
    const gap = part.indexOf('\r\n\r\n');
    parts.push({ head: part.subarray(0, gap).toString('latin1'), content: part.subarray(gap + 4) });
    from = next + 2;
  }
  const [first, second] = parts;
  if (first === undefined || second === undefined) throw invalid('A multipart upload has two parts.');
  const resource = JSON.parse(first.content.toString('utf8')) as Json;
  if (!isObject(resource)) throw invalid('The first part of the upload is an object.');
  return {
    resource,
    contentType: /^content-type:\s*(\S.*)$/im.exec(second.head)?.[1]?.trim() ?? 'application/octet-stream',
    content: second.content,
  };
}
