/**
 * Certificate and key of the coordinator, as files that somebody renews. They are read at the start and looked at again
 * from time to time: what is new serves new connections, and a pair that does not fit yet (one file of two was written)
 * waits for the next look.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { certificatesOf } from '../../daemon/certificates-of.ts';
import { fileFault } from '../../fleet/file-fault.ts';
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
  const pair = await readPair({ certFile, keyFile });
  if (((await stat(keyFile)).mode & 0o007) !== 0)
    throw new LongshoreError('CONFIG_INVALID', `read tls_key_file ${keyFile}: everybody may read it`, {
      hint: `Run \`chmod 640 ${keyFile}\`; if others did read it, have a new certificate made with a new key.`,
    });
  checkPair(pair, { certFile, keyFile });
  return pair;
}

/** What OpenSSL says of a file that it cannot use names neither the file nor what is wrong with it. */
function checkPair(pair: TlsPair, { certFile, keyFile }: TlsFiles): void {
  const certificate = attempt(
    () => new X509Certificate(certificatesOf(pair.cert.toString('utf8'))[0] ?? ''),
    (error) => `read tls_cert_file ${certFile}: ${reasonOf(error)}`,
    'Give the certificate in PEM, with those between it and the root behind it.',
  );
  const key = attempt(
    () => createPrivateKey(pair.key),
    () => `read tls_key_file ${keyFile}: it holds no private key in PEM without a passphrase`,
    `A key with a passphrase becomes one without by \`openssl pkey -in ${keyFile} -out FILE\`.`,
  );
  if (!certificate.checkPrivateKey(key))
    throw new LongshoreError('CONFIG_INVALID', `the key ${keyFile} is not that of the certificate ${certFile}`, {
      hint: 'Name the two files that were made together.',
    });
  attempt(
    () => createSecureContext({ ...pair, minVersion: 'TLSv1.2' }),
    (error) => `use the certificate ${certFile} with the key ${keyFile}: ${reasonOf(error).split(':').at(-1)}`,
    'Have a certificate made with a key of at least 2048 bits (RSA) or 256 bits (EC).',
  );
}

/** @throws CONFIG_INVALID */
function attempt<T>(work: () => T, text: (error: unknown) => string, hint: string): T {
  try {
    return work();
  } catch (error) {
    throw new LongshoreError('CONFIG_INVALID', text(error), { hint, cause: error });
  }
}

async function readPair({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  return { cert: await readOne('tls_cert_file', certFile), key: await readOne('tls_key_file', keyFile) };
}

async function readOne(setting: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new LongshoreError('CONFIG_INVALID', `read ${setting} ${file}: ${fileFault(error)}`, {
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
