/** Contents of objects: one file per generation, written beside and then moved, with the sums that Google names. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Crc32c } from './crc32c.ts';

export interface Written {
  /** Not yet an object's content. */
  readonly file: string;
  readonly size: number;
  readonly md5Hash: string;
  readonly crc32c: string;
}

export class ObjectFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** `flags` `a` goes on where an upload in parts was; sums are then of `finish`. */
  async append(file: string, content: Readable): Promise<void> {
    await pipeline(content, createWriteStream(file, { flags: 'a' }));
  }

  newFile(): string {
    return path.join(this.#folder, `upload-${randomUUID()}`);
  }

  async finish(file: string): Promise<Written> {
    const md5 = createHash('md5');
    const crc = new Crc32c();
    let size = 0;
    for await (const part of createReadStream(file, { flags: 'a+' })) {
      const bytes = part as Buffer;
      md5.update(bytes);
      crc.update(bytes);
      size += bytes.length;
    }
    return { file, size, md5Hash: md5.digest('base64'), crc32c: crc.base64() };
  }

  keep(written: Written, generation: string): void {
    renameSync(written.file, this.#file(generation));
  }

  /** `start` and `end` (both included) of a range. */
  read(generation: string, range?: { readonly start: number; readonly end: number }): Readable {
    return createReadStream(this.#file(generation), range);
  }

  remove(generation: string): void {
    rmSync(this.#file(generation), { force: true });
  }

  #file(generation: string): string {
    return path.join(this.#folder, generation);
  }
}
