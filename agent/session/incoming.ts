/**
 * What to do with a frame that the coordinator sent. Pure. A frame that is not understood loses nothing: an unknown kind
 * is answered, an assignment that does not parse is refused by its number (so that the coordinator shows why), and
 * other damage is counted; only text that is no JSON, or a row of damage, ends the connection.
 */
import { problem, type Problem } from '../../fleet/errors.ts';
import type { AgentMessage, CoordinatorMessage } from '../../protocol/agent-messages.ts';
import { decodeCoordinatorMessage } from '../../protocol/codec.ts';

export type Incoming =
  | { readonly kind: 'message'; readonly message: CoordinatorMessage }
  /** Not understood; the connection goes on. `answer` null = there is nothing to say. */
  | { readonly kind: 'answer'; readonly answer: AgentMessage | null; readonly problem: Problem | null }
  | { readonly kind: 'close'; readonly problem: Problem };

export const MOST_INVALID_FRAMES = 16;

/** @param invalidBefore damaged frames of this connection so far */
export function readFrame(text: string, invalidBefore: number): Incoming {
  const decoded = decodeCoordinatorMessage(text);
  switch (decoded.kind) {
    case 'message':
      return { kind: 'message', message: decoded.message };
    case 'unsupported':
      return { kind: 'answer', answer: { kind: 'unsupported', of: decoded.of }, problem: null };
    case 'invalid': {
      const json = objectOf(text);
      if (json === null || typeof json.kind !== 'string' || invalidBefore + 1 >= MOST_INVALID_FRAMES)
        return { kind: 'close', problem: decoded.problem };
      return {
        kind: 'answer',
        answer: json.kind === 'assignment' ? refusal(json, decoded.problem) : null,
        problem: decoded.problem,
      };
    }
  }
}

export const binaryFrameProblem: Problem = problem('FRAME_INVALID', 'a frame is binary; frames are text');

function refusal(json: Readonly<Record<string, unknown>>, found: Problem): AgentMessage | null {
  const { assignment } = json;
  if (typeof assignment !== 'object' || assignment === null) return null;
  const epoch = 'epoch' in assignment ? assignment.epoch : null;
  const generation = 'generation' in assignment ? assignment.generation : null;
  if (!isCount(epoch) || !isCount(generation)) return null;
  return { kind: 'assignment-refused', epoch, generation, problem: found };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
