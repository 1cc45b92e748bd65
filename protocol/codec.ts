/** Frame text <-> message. What does not parse is a value, never an exception: the caller answers it and goes on. */
import type { z } from 'zod';
import { problem } from '../fleet/errors.ts';
import type { Problem } from '../fleet/errors.ts';
import { agentMessageSchema, coordinatorMessageSchema } from './agent-messages.ts';
import type { AgentMessage, CoordinatorMessage } from './agent-messages.ts';
import { FRAME_LIMIT_BYTES } from './version.ts';

export type Decoded<M> =
  | { readonly kind: 'message'; readonly message: M }
  /** Well-formed, but of a kind this side does not know: answered with `unsupported`. */
  | { readonly kind: 'unsupported'; readonly of: string }
  | { readonly kind: 'invalid'; readonly problem: Problem };

export const decodeAgentMessage = (text: string): Decoded<AgentMessage> => decode(text, agentMessageSchema);
export const decodeCoordinatorMessage = (text: string): Decoded<CoordinatorMessage> =>
  decode(text, coordinatorMessageSchema);

export function encode(message: AgentMessage | CoordinatorMessage): string {
  return JSON.stringify(message);
}

interface KindOption {
  readonly shape: { readonly kind: { readonly value: string } };
}

function decode<M>(text: string, schema: z.ZodType<M> & { readonly options: readonly unknown[] }): Decoded<M> {
  if (text.length > FRAME_LIMIT_BYTES) return invalid('a frame is larger than 4 MiB');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return invalid('a frame is no JSON');
  }
  const kind = typeof json === 'object' && json !== null && 'kind' in json ? json.kind : undefined;
  if (typeof kind !== 'string') return invalid('a frame has no `kind`');
  if (!schema.options.some((option) => (option as KindOption).shape.kind.value === kind))
    return { kind: 'unsupported', of: kind.slice(0, 64) };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: 'message', message: parsed.data };
  const issue = parsed.error.issues[0];
  return invalid(
    `a frame \`${kind}\` is not of its form: ${issue === undefined ? '' : `${issue.path.map(String).join('.')} ${issue.message}`}`,
  );
}

function invalid(message: string): Decoded<never> {
  return { kind: 'invalid', problem: problem('FRAME_INVALID', message) };
}
