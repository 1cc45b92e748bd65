/** What `doctor` says of the certificate that the coordinator serves: until when it is valid. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DoctorCheck, DoctorFinding } from '../control/control-options.ts';

const DAY_MS = 24 * 3_600_000;
/** Certificates of 90 days are usually renewed 30 days before their end: at half of that something is wrong. */
const WARN_DAYS = 14;

export const certificateChecks = (
  tls: { readonly certFile: string } | null,
  now: () => number,
): readonly DoctorCheck[] => (tls === null ? [] : [() => certificateFinding(tls.certFile, now())]);

/** The file is read each time, because it may have been renewed. */
export async function certificateFinding(file: string, now: number): Promise<DoctorFinding> {
  try {
    return expiryFinding(file, new X509Certificate(await readFile(file)).validTo, now);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name: 'certificate', ok: false, text: `${file} cannot be read: ${reason}` };
  }
}

/** @param validTo as openssl writes it */
export function expiryFinding(file: string, validTo: string, now: number): DoctorFinding {
  const leftMs = Date.parse(validTo) - now;
  const day = new Date(Date.parse(validTo)).toISOString().slice(0, 10);
  const days = Math.floor(leftMs / DAY_MS);
  const text =
    leftMs <= 0
      ? `${file} expired on ${day}: agents and people are refused; renew it`
      : `${file} is valid until ${day} (${days} ${days === 1 ? 'day' : 'days'})`;
  return {
    name: 'certificate',
    ok: days >= WARN_DAYS,
    text: leftMs > 0 && days < WARN_DAYS ? `${text}; renew it` : text,
  };
}
