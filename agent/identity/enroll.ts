/**
 * Enrolment: a token buys this host its id, once. The request names the host's public keys, so sending it again after a
 * lost answer gets the same id. What the coordinator refuses is an outcome with its mend; what did not reach it is
 * tried again.
 */
import { z } from 'zod';
import { LongshoreError, problem, type Problem } from '../../fleet/errors.ts';
import { RECONNECT, retryDelayMs } from '../../fleet/retry.ts';
import { enrollProof, enrollReplySchema, type EnrollRequest } from '../../protocol/enroll.ts';
import { errorCodeSchema } from '../../protocol/scalars.ts';
import type { Clock } from '../clock.ts';
import type { PostReply } from './post-json.ts';
import type { FoundToken } from './enroll-token.ts';
import { rawPublicKey, signText, type Enrolled, type Identity } from './identity.ts';

export interface EnrollFacts {
  /** Audience: `wss://host[:port]`. */
  readonly coordinator: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string;
}

export type EnrollOutcome =
  | { readonly kind: 'enrolled'; readonly enrolled: Enrolled }
  /** Trying again changes nothing until a person does something. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'unreachable'; readonly problem: Problem; readonly retryAfterMs: number | null };

export type Post = (url: string, body: unknown, signal: AbortSignal) => Promise<PostReply>;

export function enrollRequest(identity: Identity, facts: EnrollFacts, token: string): EnrollRequest {
  const publicKey = rawPublicKey(identity.signingKey);
  const sealingKey = rawPublicKey(identity.sealingKey);
  const proof = enrollProof({ audience: facts.coordinator, publicKey, sealingKey });
  return {
    token,
    publicKey,
    sealingKey,
    signature: signText(identity.signingKey, proof),
    name: facts.name,
    labels: { ...facts.labels },
    platform: facts.platform,
  };
}

/** One try. */
export async function enrollOnce(
  identity: Identity,
  facts: EnrollFacts,
  token: string,
  post: Post,
  signal: AbortSignal,
): Promise<EnrollOutcome> {
  const url = `${facts.coordinator.replace(/^ws/, 'http')}/v1/enroll`;
  let reply: PostReply;
  try {
    reply = await post(url, enrollRequest(identity, facts, token), signal);
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
  const said = problemReply.safeParse(reply.body);
  const text = said.success ? said.data.message : `HTTP status ${reply.status}`;
  const temporary = reply.status === 429 || reply.status === 408 || reply.status >= 500;
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
  readonly facts: EnrollFacts;
  /** Read anew at every try: a person may put another token there. */
  readonly readToken: () => Promise<FoundToken>;
  readonly post: Post;
  readonly clock: Clock;
  readonly random: () => number;
  /** What to do with a refusal: end with it, or (under systemd, which would start us again and again) wait for another token. */
  readonly onRefusal: 'throw' | 'wait';
  readonly onStatus: (problem: Problem) => void;
}

const TOKEN_LOOK_MS = 10_000;
/** A refused token is tried again after so long, in case that the coordinator was mended and not the token. */
const REFUSED_AGAIN_MS = 60 * 60_000;

/** Null where the signal ended it. @throws the refusal, as LongshoreError, with `onRefusal: throw` */
export async function enroll(loop: EnrollLoop, signal: AbortSignal): Promise<Enrolled | null> {
  const isOver = (): boolean => signal.aborted;
  let failures = 0;
  while (!isOver()) {
    const found = await loop.readToken();
    const outcome: EnrollOutcome =
      found.kind === 'none'
        ? { kind: 'refused', problem: found.problem }
        : await enrollOnce(loop.identity, loop.facts, found.token, loop.post, signal);
    if (outcome.kind === 'enrolled') return outcome.enrolled;
    if (isOver()) return null;
    loop.onStatus(outcome.problem);
    if (outcome.kind === 'unreachable') {
      await loop.clock.sleep(retryDelayMs(RECONNECT, failures, loop.random(), outcome.retryAfterMs), signal);
      failures += 1;
      continue;
    }
    if (loop.onRefusal === 'throw')
      throw new LongshoreError(outcome.problem.code, outcome.problem.message, outcome.problem);
    const until = loop.clock.now().monotonicMs + REFUSED_AGAIN_MS;
    while (!isOver() && loop.clock.now().monotonicMs < until && isSameToken(found, await loop.readToken())) {
      await loop.clock.sleep(TOKEN_LOOK_MS, signal);
    }
  }
  return null;
}

function isSameToken(a: FoundToken, b: FoundToken): boolean {
  return a.kind === 'token' ? b.kind === 'token' && a.token === b.token : b.kind === 'none';
}
