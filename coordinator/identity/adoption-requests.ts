/**
 * Machines that ask to be a host that there is or was, and wait for an operator. In memory: an agent asks again every
 * few seconds, so after a restart they are here again, and one that has given up is forgotten after some minutes. Their
 * number is bounded, because anybody with a token for a pool can ask.
 */
import { createHash } from 'node:crypto';
import type { HostId } from '../../fleet/ids.ts';
import type { FormerHostClaim } from '../../protocol/enroll.ts';
import type { NewHost } from '../store/records.ts';
import type { EnrollingInstance } from './instance-identities.ts';

/** What proved the machine when it asked, to be used when an operator permits it. */
export type Enrolling =
  | { readonly kind: 'token'; readonly tokenHash: string }
  | { readonly kind: 'instance'; readonly enrolling: EnrollingInstance };

export interface AdoptionRequest {
  readonly host: HostId;
  /** Of the machine's new key; its agent's log has it, too. */
  readonly fingerprint: string;
  readonly machine: NewHost;
  readonly enrolling: Enrolling;
  /** Null where the identity of the machine shows which host it was. */
  readonly claim: FormerHostClaim | null;
}

const KEPT_MS = 5 * 60_000;
const MOST = 1_000;

export class AdoptionRequests {
  readonly #now: () => number;
  readonly #requests = new Map<string, { readonly request: AdoptionRequest; readonly atMs: number }>();

  /** @param now ms, of any clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns whether it is new, or was forgotten meanwhile */
  note(request: AdoptionRequest): boolean {
    this.#forgetOld();
    const key = keyOf(request);
    const isNew = !this.#requests.has(key);
    this.#requests.delete(key);
    if (this.#requests.size >= MOST) {
      const oldest = this.#requests.keys().next();
      if (!oldest.done) this.#requests.delete(oldest.value);
    }
    this.#requests.set(key, { request, atMs: this.#now() });
    return isNew;
  }

  of(host: HostId): readonly AdoptionRequest[] {
    return this.all().filter((request) => request.host === host);
  }

  all(): readonly AdoptionRequest[] {
    this.#forgetOld();
    return [...this.#requests.values()].map(({ request }) => request);
  }

  forget(host: HostId): void {
    for (const [key, { request }] of this.#requests) if (request.host === host) this.#requests.delete(key);
  }

  #forgetOld(): void {
    const oldestMs = this.#now() - KEPT_MS;
    for (const [key, { atMs }] of this.#requests) if (atMs < oldestMs) this.#requests.delete(key);
  }
}

/** @param publicKey raw, base64 */
export function fingerprintOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}

/** One line: what the machine is and what it holds. */
export function describeRequest({ machine, fingerprint, claim }: AdoptionRequest): string {
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const held =
    claim === null
      ? ''
      : `; it holds ${counted(claim.containers, 'container')} and ${counted(claim.volumes, 'volume')}${claim.ingress ? ', an ingress' : ''}${claim.apps.length === 0 ? '' : ` of ${claim.apps.slice(0, 10).join(', ')}`}`;
  return `machine ${machine.name} with key ${fingerprint}${held}`;
}

function keyOf({ host, fingerprint }: AdoptionRequest): string {
  return `${host} ${fingerprint}`;
}
