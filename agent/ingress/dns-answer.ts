/**
 * One DNS answer from one query, as Caddy's resolver needs it: addresses with a life of 0 s, an empty NOERROR for AAAA
 * (we have IPv4 only), NXDOMAIN for what we do not know, SERVFAIL before anything was published (so that Caddy goes to
 * its fallback instead of believing that nothing runs). Pure.
 */
import type { DecodedPacket, Packet, Question } from 'dns-packet';
import type { AddressReply } from './dns-wire.ts';

export const UPSTREAM_ZONE = 'upstream.longshore.internal';
export const FALLBACK_ZONE = 'fallback.longshore.internal';

/** By DNS label; null before the first publication. */
export type Answers = ReadonlyMap<string, readonly string[]> | null;

const RCODE = { noError: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4 } as const;
const AUTHORITATIVE = 1 << 10;
const RECURSION_DESIRED = 1 << 8;
/** All bits zero: a standard query. */
const OPCODE = 0xf << 11;

/** The label that a query for an upstream names, whatever the epoch before it; null for any other question. */
export function askedLabel(query: DecodedPacket): string | null {
  const question = onlyQuestion(query);
  if (question === null) return null;
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const suffix = `.${UPSTREAM_ZONE}`;
  if (!name.endsWith(suffix)) return null;
  return /^(?:[0-9a-z]+\.)?([0-9a-z]+)$/.exec(name.slice(0, -suffix.length))?.[1] ?? null;
}

export function answerQuery(query: DecodedPacket, answers: Answers): AddressReply {
  const question = onlyQuestion(query);
  if (((query.flags ?? 0) & OPCODE) !== 0) return reply(query, RCODE.notImplemented);
  if (question === null) return reply(query, RCODE.formatError);
  if (answers === null) return reply(query, RCODE.serverFailure);

  const label = askedLabel(query);
  const addresses = label === null ? undefined : answers.get(label);
  if (addresses === undefined || addresses.length === 0) return reply(query, RCODE.noSuchName);
  return reply(query, RCODE.noError, question.type === 'A' ? addresses : []);
}

function reply(query: DecodedPacket, code: number, addresses: readonly string[] = []): AddressReply {
  const packet: Packet = {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: AUTHORITATIVE | (query.flag_rd ? RECURSION_DESIRED : 0) | code,
    questions: query.questions ?? [],
  };
  return { packet, addresses };
}

function onlyQuestion(query: DecodedPacket): Question | null {
  const [question, second] = query.questions ?? [];
  return question === undefined || second !== undefined ? null : question;
}
