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
const MOST = 200;
const MOST_OF_HOST = 20;
const EVENT_EVERY_MS = 10 * 60_000;
/** Events in that time about hosts that this coordinator does not know: their ids can be made up. */
const MOST_UNKNOWN_EVENTS = 20;

interface Waiting {
  readonly request: AdoptionRequest;
  readonly atMs: number;
}

export class AdoptionRequests {
  readonly #now: () => number;
  /** In the order in which they first asked. */
  readonly #requests = new Map<string, Waiting>();
  readonly #events = new Map<HostId, { readonly isKnown: boolean; readonly atMs: number }>();

  /** @param now ms, of any clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns whether it is new, or was forgotten meanwhile */
  note(request: AdoptionRequest): boolean {
    this.#forgetOld();
    const key = keyOf(request);
    const isNew = !this.#requests.has(key);
    if (isNew) this.#makeRoom(request.host);
    this.#requests.set(key, { request, atMs: this.#now() });
    return isNew;
  }

  /** Whether an event of a new request is due: keys are made up at will, and events are kept. It counts as written. */
  takeEvent(host: HostId, { isKnown }: { readonly isKnown: boolean }): boolean {
    const oldestMs = this.#now() - EVENT_EVERY_MS;
    for (const [id, { atMs }] of this.#events) if (atMs <= oldestMs) this.#events.delete(id);
    const unknown = [...this.#events.values()].filter((event) => !event.isKnown).length;
    if (this.#events.has(host) || (!isKnown && unknown >= MOST_UNKNOWN_EVENTS)) return false;
    this.#events.set(host, { isKnown, atMs: this.#now() });
    return true;
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

  /**
   * What asks in great number must not push out who has waited longer: the newest request of the same host gives way, or
   * of the host that has most.
   */
  #makeRoom(host: HostId): void {
    const keys = new Map<HostId, readonly string[]>();
    for (const [key, { request }] of this.#requests) keys.set(request.host, [...(keys.get(request.host) ?? []), key]);
    const own = keys.get(host) ?? [];
    if (own.length < MOST_OF_HOST && this.#requests.size < MOST) return;
    const longest = [...keys.values()].reduce((most, each) => (each.length >= most.length ? each : most), own);
    const newest = (own.length > 0 ? own : longest).at(-1);
    if (newest !== undefined) this.#requests.delete(newest);
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
export function describeRequest({ machine, fingerprint, claim, enrolling }: AdoptionRequest): string {
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const held =
    claim === null
      ? ''
      : `; it holds ${counted(claim.containers, 'container')} and ${counted(claim.volumes, 'volume')}${claim.ingress ? ', an ingress' : ''}${claim.apps.length === 0 ? '' : ` of ${claim.apps.slice(0, 10).join(', ')}`}`;
  const { instance = null } = enrolling.kind === 'instance' ? enrolling.enrolling : {};
  const place = instance === null ? '' : ` (instance ${instance.id} in ${instance.zone})`;
  return `machine ${machine.name}${place} with key ${fingerprint}${held}`;
}

/** The command that permits this one machine. @param host name or id */
export function adoptCommand(host: string, { fingerprint }: Pick<AdoptionRequest, 'fingerprint'>): string {
  return `longshore hosts adopt ${host} --key ${fingerprint}`;
}

/** Each machine that asks to be this host, with the command that permits it. */
export function describeChoice(host: string, requests: readonly AdoptionRequest[]): string {
  return requests.map((request) => `${describeRequest(request)}: \`${adoptCommand(host, request)}\``).join('; ');
}

function keyOf({ host, fingerprint }: AdoptionRequest): string {
  return `${host} ${fingerprint}`;
}
