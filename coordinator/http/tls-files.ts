/**
 * Certificate and key of the coordinator, as files that somebody renews. They are read at the start and looked at again
 * from time to time: what is new serves new connections, and a pair that does not fit yet (one file of two was written)
 * waits for the next look.
 */
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { LongshoreError } from '../../fleet/errors.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws CONFIG_INVALID where they cannot be read, do not fit, or everybody may read the key */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const pair = await readPair(certFile, keyFile);
  if (((await stat(keyFile)).mode & 0o007) !== 0)
    throw new LongshoreError('CONFIG_INVALID', `read tls_key_file ${keyFile}: everybody may read it`, {
      hint: `Run \`chmod 640 ${keyFile}\`; if others did read it, have a new certificate made with a new key.`,
    });
  try {
    createSecureContext(pair);
  } catch (error) {
    const text = `use the certificate ${certFile} with the key ${keyFile}: ${reasonOf(error)}`;
    throw new LongshoreError('CONFIG_INVALID', text, { cause: error });
  }
  return pair;
}

async function readPair(certFile: string, keyFile: string): Promise<TlsPair> {
  try {
    return { cert: await readFile(certFile), key: await readFile(keyFile) };
  } catch (error) {
    throw new LongshoreError('CONFIG_INVALID', `read the certificate: ${reasonOf(error)}`, {
      cause: error,
      hint: 'Its user must be able to read both files: chown longshore-coordinator FILE, or run `longshore-coordinator install` again.',
    });
  }
}

interface TlsLog {
  info(text: string): void;
  warn(fields: object, text: string): void;
}

export class TlsRenewal {
  readonly #files: TlsFiles;
  #used: TlsPair;

  constructor(files: TlsFiles, used: TlsPair) {
    this.#files = files;
    this.#used = used;
  }

  /** Never rejects: what cannot be used is said, and the pair before serves. */
  async renew(use: (pair: TlsPair) => void, log: TlsLog): Promise<void> {
    try {
      const pair = await this.look();
      if (pair === null) return;
      use(pair);
      log.info('the renewed certificate serves from now on');
    } catch (error) {
      log.warn({ err: error }, 'the certificate cannot be renewed yet; the one before serves');
    }
  }

  /** @returns the pair where it is another than before; null = it is the same. @throws CONFIG_INVALID */
  async look(): Promise<TlsPair | null> {
    const pair = await readTls(this.#files);
    if (pair.cert.equals(this.#used.cert) && pair.key.equals(this.#used.key)) return null;
    this.#used = pair;
    return pair;
  }
}

const LOOK_MS = 30_000;

/** @returns the timer that looks; whoever has it ends it */
export function watchTls(
  files: TlsFiles,
  used: TlsPair,
  server: { renewTls(pair: TlsPair): void },
  log: TlsLog,
): NodeJS.Timeout {
  const renewal = new TlsRenewal(files, used);
  return setInterval(() => void renewal.renew((pair) => server.renewTls(pair), log), LOOK_MS);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
