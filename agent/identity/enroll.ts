/**
 * Enrolment: a token, or the machine's identity, buys this host its id, once. The request names the host's public keys,
 * so sending it again after a lost answer gets the same id. What the coordinator refuses is an outcome with a hint;
 * what did not reach it is tried again.
 */
import { z } from 'zod';
import { ERRORS, LongshoreError, problem, type Problem } from '../../fleet/errors.ts';
import { RECONNECT, retryDelayMs } from '../../fleet/retry.ts';
import { enrollProof, enrollReplySchema, type EnrollRequest, type FormerHostClaim } from '../../protocol/enroll.ts';
import { errorCodeSchema } from '../../protocol/scalars.ts';
import type { Clock } from '../clock.ts';
import type { PostReply } from './post-json.ts';
import type { FoundCredential } from './enroll-token.ts';
import { rawPublicKey, signText, type Enrolled, type Identity } from './identity.ts';

export interface EnrollFacts {
  /** Audience: `wss://host[:port]`. */
  readonly coordinator: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string;
  /** The host that this machine seems to have been; null = none. */
  readonly former: FormerHostClaim | null;
}

export type FoundFormer =
  /** Null: this machine was no host before, or shall not be it again. */
  | { readonly kind: 'host'; readonly claim: FormerHostClaim | null }
  /** Several hosts, of which a person must choose. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'unreachable'; readonly problem: Problem; readonly retryAfterMs: number | null };

export type EnrollOutcome =
  | { readonly kind: 'enrolled'; readonly enrolled: Enrolled }
  /** Trying again changes nothing until a person does something. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'unreachable'; readonly problem: Problem; readonly retryAfterMs: number | null };

export type Post = (url: string, body: unknown, signal: AbortSignal) => Promise<PostReply>;

/** A token, or the machine's identity token with the coordinator's nonce. */
export type Credential = string | { readonly identityToken: string; readonly nonce: string };

export function enrollRequest(identity: Identity, facts: EnrollFacts, credential: Credential): EnrollRequest {
  const publicKey = rawPublicKey(identity.signingKey);
  const sealingKey = rawPublicKey(identity.sealingKey);
  const proof = enrollProof({ audience: facts.coordinator, publicKey, sealingKey });
  return {
    ...(typeof credential === 'string'
      ? { token: credential }
      : { identityToken: credential.identityToken, nonce: credential.nonce }),
    publicKey,
    sealingKey,
    signature: signText(identity.signingKey, proof),
    name: facts.name,
    labels: { ...facts.labels },
    platform: facts.platform,
    ...(facts.former === null ? {} : { former: facts.former }),
  };
}

/** One try. */
export async function enrollOnce(
  identity: Identity,
  facts: EnrollFacts,
  credential: Credential,
  post: Post,
  signal: AbortSignal,
): Promise<EnrollOutcome> {
  const url = `${facts.coordinator.replace(/^ws/, 'http')}/v1/enroll`;
  let reply: PostReply;
  try {
    reply = await post(url, enrollRequest(identity, facts, credential), signal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'unreachable', problem: problem('UNREACHABLE', `enrol at ${url}: ${reason}`), retryAfterMs: null };
  }
  return toEnrollOutcome(reply, url, facts.coordinator);
}

/** Pure: what the answer means. */
export function toEnrollOutcome(reply: PostReply, url: string, coordinator: string): EnrollOutcome {
  if (reply.status >= 200 && reply.status < 300) {
    const parsed = enrollReplySchema.safeParse(reply.body);
    if (parsed.success) return { kind: 'enrolled', enrolled: { ...parsed.data, coordinator } };
    return {
      kind: 'refused',
      problem: problem('UNREACHABLE', `enrol at ${url}: the answer is not a coordinator's`, {
        hint: 'Check the address of the coordinator.',
      }),
    };
  }
  return toFailure(reply, url);
}

/** Pure: what an answer means that is none of success. */
export function toFailure(reply: PostReply, url: string): Exclude<EnrollOutcome, { kind: 'enrolled' }> {
  const said = problemReply.safeParse(reply.body);
  const text = said.success ? said.data.message : `HTTP status ${reply.status}`;
  const temporary =
    reply.status === 429 ||
    reply.status === 408 ||
    reply.status >= 500 ||
    (said.success && ERRORS[said.data.code].retryable);
  if (temporary) {
    const found = problem(said.success ? said.data.code : 'UNREACHABLE', `enrol at ${url}: ${text}`);
    return { kind: 'unreachable', problem: found, retryAfterMs: reply.retryAfterMs };
  }
  const code = said.success ? said.data.code : reply.status === 404 ? 'UNREACHABLE' : 'TOKEN_INVALID';
  const hint = said.success && said.data.hint !== undefined ? { hint: said.data.hint } : {};
  return { kind: 'refused', problem: problem(code, `enrol at ${url}: ${text}`, hint) };
}

const problemReply = z.object({ code: errorCodeSchema, message: z.string(), hint: z.string().optional() });

export interface EnrollLoop {
  readonly identity: Identity;
  /** Asked in turn: the first may be a standby, or away. */
  readonly coordinators: readonly string[];
  readonly facts: Omit<EnrollFacts, 'former' | 'coordinator'>;
  /** Looked for anew at every try: what is in the way can be removed by hand. */
  readonly findFormer: (signal: AbortSignal) => Promise<FoundFormer>;
  /** Read anew at every try: a person may put another token there, and an identity token serves one try. */
  readonly readToken: (coordinator: string, signal: AbortSignal) => Promise<FoundCredential>;
  /** When a refusal is tried again though nothing changed here; null = looks for another token, and after an hour. */
  readonly refusedAgainMs?: number | null;
  readonly post: Post;
  readonly clock: Clock;
  readonly random: () => number;
  /** What to do with a refusal: end with it, or (under systemd, which would start us again and again) wait for another token. */
  readonly onRefusal: 'throw' | 'wait';
  readonly onStatus: (problem: Problem) => void;
}

const TOKEN_LOOK_MS = 10_000;
/** A refused token is tried again after so long, in case the coordinator was fixed and not the token. */
const REFUSED_AGAIN_MS = 60 * 60_000;
const REFUSED_JITTER = 0.5;
/** An operator decides elsewhere, so the agent waits for that with systemd and without it. */
const ADOPTION_LOOK_MS = 10_000;

/** Null where the signal ended it. @throws the refusal, as LongshoreError, with `onRefusal: throw` */
export async function enroll(loop: EnrollLoop, signal: AbortSignal): Promise<Enrolled | null> {
  const isOver = (): boolean => signal.aborted;
  const { coordinators } = loop;
  let failures = 0;
  let turn = 0;
  while (!isOver()) {
    const coordinator = coordinators[turn % coordinators.length] ?? '';
    const former = await loop.findFormer(signal);
    const found = await loop.readToken(coordinator, signal);
    const outcome = former.kind === 'host' ? await outcomeOf(loop, coordinator, former.claim, found, signal) : former;
    if (outcome.kind === 'enrolled') return outcome.enrolled;
    if (isOver()) return null;
    // Who gets the error shows it: once is enough.
    if (outcome.kind === 'refused' && outcome.problem.code !== 'FORMER_HOST' && loop.onRefusal === 'throw')
      throw new LongshoreError(outcome.problem.code, outcome.problem.message, outcome.problem);
    loop.onStatus(outcome.problem);
    if (outcome.kind === 'unreachable') {
      turn += 1;
      if (turn % coordinators.length !== 0) continue;
      await loop.clock.sleep(retryDelayMs(RECONNECT, failures, loop.random(), outcome.retryAfterMs), signal);
      failures += 1;
      continue;
    }
    if (outcome.problem.code === 'FORMER_HOST') {
      await loop.clock.sleep(ADOPTION_LOOK_MS * (1 + loop.random() * REFUSED_JITTER), signal);
      continue;
    }
    await waitAfterRefusal(loop, found, () => loop.readToken(coordinator, signal), signal);
  }
  return null;
}

async function outcomeOf(
  loop: EnrollLoop,
  coordinator: string,
  former: FormerHostClaim | null,
  found: FoundCredential,
  signal: AbortSignal,
): Promise<EnrollOutcome> {
  const { identity, post } = loop;
  const facts = { ...loop.facts, coordinator, former };
  switch (found.kind) {
    case 'none':
      return { kind: 'refused', problem: found.problem };
    case 'refused':
    case 'unreachable':
      return found;
    case 'token':
      return await enrollOnce(identity, facts, found.token, post, signal);
    case 'identity':
      return await enrollOnce(identity, facts, found, post, signal);
  }
}

/** A refusal is fixed at the coordinator: there is nothing to look for here. */
async function waitAfterRefusal(
  loop: EnrollLoop,
  found: FoundCredential,
  readToken: () => Promise<FoundCredential>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, refusedAgainMs = null } = loop;
  if (refusedAgainMs !== null) {
    await clock.sleep(refusedAgainMs * (1 + loop.random() * REFUSED_JITTER), signal);
    return;
  }
  const until = clock.now().monotonicMs + REFUSED_AGAIN_MS;
  while (!signal.aborted && clock.now().monotonicMs < until && isSameToken(found, await readToken())) {
    await clock.sleep(TOKEN_LOOK_MS, signal);
  }
}

function isSameToken(a: FoundCredential, b: FoundCredential): boolean {
  return a.kind === 'token' ? b.kind === 'token' && a.token === b.token : b.kind === 'none';
}
