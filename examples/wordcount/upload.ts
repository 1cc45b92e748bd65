// Finds the one text file in a request: the body itself (text/plain), or the file of a form (multipart/form-data).
import busboy from 'busboy';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Refusal } from './refusal.ts';

export interface Upload {
  readonly name: string | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Calls `use` with the file while it is still coming in; its result is the result. Throws a Refusal for what is no file. */
export async function withUpload<T>(request: IncomingMessage, use: (upload: Upload) => Promise<T>): Promise<T> {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';').map((part) => part.trim());
  switch (type.toLowerCase()) {
    case 'text/plain':
      requireUtf8(parameters);
      return use({ name: undefined, chunks: piecesOf(request) });
    case 'multipart/form-data':
      return withFormFile(request, use);
    case '':
      throw new Refusal(400, 'no-file', 'There is no file in the request. Send a form with a file, or text/plain.');
    default:
      throw new Refusal(415, 'wrong-type', `Send a form with a file, or text/plain; this was ${type}.`);
  }
}

function requireUtf8(parameters: readonly string[]): void {
  const charset = /^charset="?([^"]+)"?$/i.exec(parameters.find((part) => /^charset=/i.test(part)) ?? '')?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new Refusal(415, 'not-utf-8', `Only UTF-8 can be counted; the request says ${charset}.`);
  }
}

function withFormFile<T>(request: IncomingMessage, use: (upload: Upload) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let result: Promise<T> | undefined;
    const form = readForm(request);
    const fail = (error: unknown): void => {
      request.unpipe(form);
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    form.on('file', (_field: string, file: Readable, info: { readonly filename?: string }) => {
      const refusal = refuseFile(info.filename, result !== undefined);
      if (refusal !== undefined) {
        // A file stream that nobody reads would stop the form for ever.
        file.resume();
        fail(refusal);
        return;
      }
      result = use({ name: info.filename, chunks: piecesOf(file) });
      result.catch(fail);
    });
    form.on('error', () => {
      fail(new Refusal(400, 'broken-form', 'The form ends in the middle, or is not well-formed.'));
    });
    form.on('close', () => {
      if (result === undefined)
        fail(new Refusal(400, 'no-file', 'No file was chosen. Choose a .txt file and try again.'));
      else result.then(resolve, fail);
    });
    request.once('aborted', () => {
      form.destroy(new Error('the client went away'));
    });
    request.pipe(form);
  });
}

function readForm(request: IncomingMessage): ReturnType<typeof busboy> {
  try {
    return busboy({ headers: request.headers, limits: { fields: 20, fieldSize: 4096, parts: 30 } });
  } catch {
    throw new Refusal(400, 'broken-form', 'The form has no boundary.');
  }
}

function refuseFile(name: string | undefined, another: boolean): Refusal | undefined {
  // Browsers send an unnamed empty file for a form in which none was chosen.
  if (name === undefined || name === '') {
    return new Refusal(400, 'no-file', 'No file was chosen. Choose a .txt file and try again.');
  }
  if (another) return new Refusal(400, 'several-files', 'Send one file at a time.');
  if (!/\.txt$/i.test(name)) return new Refusal(415, 'not-text', `Only .txt files can be counted; this is ${name}.`);
  return undefined;
}

/** By itself a loop that ends early would destroy the stream, and with it the connection that the refusal needs. */
function piecesOf(stream: Readable): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array> };
}
