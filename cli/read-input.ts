/** A value that must not stand in argv: from standard input, asked without echo on a terminal, or from a file. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LongshoreError } from '../fleet/errors.ts';
import { fileFault } from '../fleet/file-fault.ts';
import type { Context } from './context.ts';

const LIMIT_BYTES = 524_288;

/** @param what for the prompt and the message: `value of secret db-password` */
export async function readHidden(context: Context, what: string, file: string | undefined): Promise<string> {
  if (file !== undefined) return readValueFile(resolve(context.folder, file), what);
  const { stdin } = context.terminal.streams;
  return stdin.isTTY === true ? askHidden(context, what) : (await readAll(context)).replace(/\r?\n$/, '');
}

/** Nothing comes from a pipe whose command failed, and from a closed standard input. @throws INPUT_INVALID */
export function requireText(value: string, what: string, hint: string): void {
  if (value === '') throw new LongshoreError('INPUT_INVALID', `read the ${what}: it is empty`, { hint });
}

async function readValueFile(file: string, what: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new LongshoreError('INPUT_INVALID', `read the ${what} from ${file}: ${fileFault(error)}`, {
      hint: 'Check the path.',
      cause: error,
    });
  }
}

async function readAll(context: Context): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of context.terminal.streams.stdin) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.byteLength;
    if (bytes > LIMIT_BYTES) throw new LongshoreError('TOO_LARGE', 'read standard input: more than 512 KiB');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const ENTER = /[\r\n]/;
const BACKSPACE = '\u007f';
const INTERRUPT = '\u0003';

function askHidden(context: Context, what: string): Promise<string> {
  const { stdin, stderr } = context.terminal.streams;
  stderr.write(`${what} (not shown): `);
  stdin.setRawMode?.(true);
  stdin.resume();
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (work: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode?.(false);
      stdin.pause();
      stderr.write('\n');
      work();
    };
    const onData = (data: Buffer | string): void => {
      for (const char of data.toString()) {
        if (char === INTERRUPT)
          return settle(() => reject(new LongshoreError('INPUT_INVALID', `${what}: interrupted`)));
        if (ENTER.test(char)) return settle(() => resolve(text));
        text = char === BACKSPACE ? text.slice(0, -1) : text + char;
      }
    };
    stdin.on('data', onData);
  });
}
