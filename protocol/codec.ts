/**
 * Frame text <-> message. What does not parse is a value, never an exception: the caller answers it and goes on. What an
 * agent sends is put into the form of its schema first, so that every frame is one that a coordinator takes whole.
 */
import type { z } from 'zod';
import { boundedText } from '../fleet/bounded-text.ts';
import { problem } from '../fleet/errors.ts';
import type { Problem } from '../fleet/errors.ts';
import { agentMessageSchema, coordinatorMessageSchema } from './agent-messages.ts';
import type { AgentMessage, AgentMessageOf, CoordinatorMessage } from './agent-messages.ts';
import { fitReport, jsonBytes } from './fit-report.ts';
import { flawOf, readReport } from './report-parts.ts';
import { beyondBounds, PROVEN_BOUNDS, UNPROVEN_BOUNDS } from './json-bounds.ts';
import type { JsonBounds } from './json-bounds.ts';
import { FRAME_LIMIT_BYTES } from './version.ts';

export type Decoded<M> =
  /** `flaws`: parts that were left out because they were not of their form. */
  | { readonly kind: 'message'; readonly message: M; readonly flaws: readonly string[] }
  /** Well-formed, but of a kind this side does not know: answered with `unsupported`. */
  | { readonly kind: 'unsupported'; readonly of: string }
  /** `of`: the kind that it says it is; null = it is no frame at all. */
  | { readonly kind: 'invalid'; readonly of: string | null; readonly problem: Problem };

/** @param bounds PROVEN_BOUNDS only once the agent has proven its key */
export function decodeAgentMessage(text: string, bounds: JsonBounds = PROVEN_BOUNDS): Decoded<AgentMessage> {
  const decoded = decode(text, agentMessageSchema, bounds);
  if (decoded.kind !== 'invalid' || decoded.of !== 'report') return decoded;
  const read = readReport(JSON.parse(text));
  return read === null ? decoded : { kind: 'message', message: read.report, flaws: read.flaws };
}

export const decodeCoordinatorMessage = (text: string): Decoded<CoordinatorMessage> =>
  decode(text, coordinatorMessageSchema, PROVEN_BOUNDS);

export function encode(message: CoordinatorMessage): string {
  return JSON.stringify(message);
}

export interface EncodedFrame {
  /** Null: nothing of it can be sent. */
  readonly text: string | null;
  readonly flaws: readonly string[];
}

export function encodeAgentMessage(message: AgentMessage): EncodedFrame {
  switch (message.kind) {
    // The many and the large: their form is made by the code that cuts them.
    case 'heartbeat':
    case 'stream-data':
      return { text: JSON.stringify(message), flaws: [] };
    case 'report': {
      const read = readReport(message);
      if (read === null) return { text: null, flaws: ['report: invalid sequence number'] };
      return { text: JSON.stringify(fitFrame(read.report)), flaws: read.flaws };
    }
    case 'hello':
      return encodeHello(message);
    default: {
      const parsed = agentMessageSchema.safeParse(message);
      if (parsed.success) return { text: JSON.stringify(parsed.data), flaws: [] };
      return { text: null, flaws: [flawOf(message.kind, parsed.error)] };
    }
  }
}

/**
 * A hello is read before its sender has proven anything, so it is small. What does not fit is left out, the least needed
 * first: secrets that are not named are sent again.
 */
function encodeHello(hello: AgentMessageOf<'hello'>): EncodedFrame {
  const parsed = agentMessageSchema.safeParse(hello);
  if (!parsed.success || parsed.data.kind !== 'hello')
    return { text: null, flaws: [parsed.success ? 'hello: another kind' : flawOf('hello', parsed.error)] };
  const whole = parsed.data;
  const smaller = [
    whole,
    { ...whole, secrets: {} },
    { ...whole, secrets: {}, registries: [] },
    { ...whole, secrets: {}, registries: [], policy: undefined },
  ];
  for (const message of smaller) {
    const text = JSON.stringify(message);
    if (jsonBytes(message) <= UNPROVEN_BOUNDS.bytes && beyondBounds(text, UNPROVEN_BOUNDS) === null)
      return { text, flaws: [] };
  }
  return { text: null, flaws: ['hello: too large'] };
}

/** Room for what stands around the apps. */
const HEAD_BYTES = 64 * 1024;

function fitFrame(report: AgentMessageOf<'report'>): AgentMessageOf<'report'> {
  if (jsonBytes(report) <= FRAME_LIMIT_BYTES) return report;
  const entries = Object.entries(report.apps);
  const share = Math.floor((FRAME_LIMIT_BYTES - HEAD_BYTES) / entries.length);
  const apps = entries.map(([name, app]) => [name, app === null ? null : fitReport(app, share - name.length - 8)]);
  return { ...report, apps: Object.fromEntries(apps) as AgentMessageOf<'report'>['apps'] };
}

interface KindOption {
  readonly shape: { readonly kind: { readonly value: string } };
}

function decode<M>(
  text: string,
  schema: z.ZodType<M> & { readonly options: readonly unknown[] },
  bounds: JsonBounds,
): Decoded<M> {
  const beyond = beyondBounds(text, bounds);
  if (beyond !== null) return invalid(null, `a frame ${beyond}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return invalid(null, 'a frame is not JSON');
  }
  const kind = typeof json === 'object' && json !== null && 'kind' in json ? json.kind : undefined;
  if (typeof kind !== 'string') return invalid(null, 'a frame has no `kind`');
  if (!schema.options.some((option) => (option as KindOption).shape.kind.value === kind))
    return { kind: 'unsupported', of: kind.slice(0, 64) };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: 'message', message: parsed.data, flaws: [] };
  const issue = parsed.error.issues[0];
  const place = issue === undefined ? '' : `${issue.path.map(String).join('.')} ${issue.message}`;
  // Keys are the peer's own words, and what is said here goes into answers, events and logs.
  return invalid(kind, boundedText(`a frame \`${kind}\` is invalid: ${place}`, MOST_SAID));
}

const MOST_SAID = 512;

function invalid(of: string | null, message: string): Decoded<never> {
  return { kind: 'invalid', of, problem: problem('FRAME_INVALID', message) };
}
