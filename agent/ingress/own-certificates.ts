/**
 * The operator's own certificates: each file is read and checked here before Caddy hears of it, because Caddy refuses its
 * whole configuration for one bad file. Caddy gets copies in the ingress's folder, so that it can start again whatever
 * happens to the operator's files meanwhile. A file that cannot be used takes only its own names out; where it could be
 * used before, that copy goes on serving.
 *
 * A file holds a chain and its key, or `NAME.crt` (or `.pem`) a chain and `NAME.key` beside it the key.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { errnoOf, writeDurably } from '../durable-file.ts';
import type { FoundProblem } from '../host-problems.ts';
import { contentHash } from './content-hash.ts';

export interface OwnCertificates {
  /** Names of the copies, sorted. A changed certificate has another name. */
  readonly copies: readonly string[];
  readonly found: readonly FoundProblem[];
}

type Checked =
  | { readonly kind: 'usable'; readonly pem: string; readonly warning: string | null }
  | { readonly kind: 'unusable'; readonly reason: string }
  /** A key or other text that belongs to a certificate elsewhere. */
  | { readonly kind: 'no-certificate' };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]+-----END (?:[A-Z]+ )?PRIVATE KEY-----/;
const SUFFIXES = ['.pem', '.crt', '.cer'];
const MOST_FILES = 1_000;
const DAY_MS = 86_400_000;
/** Time to renew it; for a short-lived certificate a third of its life. */
const WARN_MS = 14 * DAY_MS;

/** Reads `folder`, brings the copies up to date, and says what is wrong. @throws where the copies cannot be written */
export async function readOwnCertificates(folder: string, copies: string, nowMs: number): Promise<OwnCertificates> {
  const found: FoundProblem[] = [];
  await mkdir(copies, { recursive: true, mode: 0o700 });
  const before = await readdir(copies);
  const files = await certificateFiles(folder).catch((error: unknown) => {
    found.push({ failing: true, text: `${folder} cannot be read (${reasonOf(error)}); what was read before is used` });
    return null;
  });
  if (files === null) return { copies: before.sort(), found };
  const kept: string[] = [];
  for (const file of files) {
    const prefix = `${contentHash(path.relative(folder, file))}-`;
    const checked = await check(file, nowMs);
    if (checked.kind === 'usable') {
      const name = `${prefix}${contentHash(checked.pem)}.pem`;
      if (!before.includes(name)) await writeDurably(path.join(copies, name), checked.pem);
      kept.push(name);
      if (checked.warning !== null) found.push({ failing: false, text: `${file} ${checked.warning}` });
    } else if (checked.kind === 'unusable') {
      const earlier = before.filter((name) => name.startsWith(prefix));
      kept.push(...earlier);
      const effect = earlier.length === 0 ? 'its names have no certificate' : 'the one from before is still used';
      found.push({ failing: earlier.length === 0, text: `${file} cannot be used: ${checked.reason}; ${effect}` });
    }
  }
  return { copies: [...new Set(kept)].sort(), found };
}

async function certificateFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries
    .filter((name) => SUFFIXES.includes(path.extname(name)))
    .sort()
    .slice(0, MOST_FILES)
    .map((name) => path.join(folder, name));
}

async function check(file: string, nowMs: number): Promise<Checked> {
  try {
    const text = await readFile(file, 'utf8');
    const chain = text.match(CERTIFICATE) ?? [];
    const [leaf] = chain;
    if (leaf === undefined)
      return KEY.test(text)
        ? { kind: 'no-certificate' }
        : { kind: 'unusable', reason: 'there is no certificate in it' };
    const key = KEY.exec(text)?.[0] ?? KEY.exec(await keyBeside(file))?.[0];
    const certificates = chain.map((each) => new X509Certificate(each));
    const [certificate] = certificates;
    if (certificate === undefined || key === undefined)
      return { kind: 'unusable', reason: `there is no private key in it, nor in ${path.basename(keyFile(file))}` };
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return { kind: 'unusable', reason: 'the private key does not belong to the certificate' };
    return { kind: 'usable', pem: `${[...chain, key].join('\n')}\n`, warning: ageWarning(certificate, nowMs) };
  } catch (error) {
    return { kind: 'unusable', reason: reasonOf(error) };
  }
}

const keyFile = (file: string): string => file.slice(0, -path.extname(file).length) + '.key';

function keyBeside(file: string): Promise<string> {
  return readFile(keyFile(file), 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
}

function ageWarning(certificate: X509Certificate, nowMs: number): string | null {
  const fromMs = Date.parse(certificate.validFrom);
  const toMs = Date.parse(certificate.validTo);
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  if (toMs < nowMs) return `expired on ${day(toMs)}: browsers refuse it`;
  if (fromMs > nowMs) return `is valid only from ${day(fromMs)} on: browsers refuse it until then`;
  return toMs - nowMs < Math.min(WARN_MS, (toMs - fromMs) / 3) ? `expires on ${day(toMs)}: renew it` : null;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
