/**
 * The last lines that an instance wrote, for the message that says why it failed. They only inform: what goes wrong
 * here becomes a note in that message, and the wait has an end, because the way back stands behind it. A logging driver
 * that keeps nothing (`none`, `syslog`) refuses the question for good, and one that hangs answers none.
 */
import { boundedText } from '../../fleet/bounded-text.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import { TEXT_LIMITS } from '../../fleet/limits.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import type { Mask } from '../secrets/held-mask.ts';
import { untilAbort } from '../until-abort.ts';
import { withTimeLimit } from '../with-time-limit.ts';

const LINES = 20;
/** UTF-8 needs up to four bytes for a character; the rest is for values that begin before what is shown. */
const LIMIT_BYTES = 4 * TEXT_LIMITS.output + 64 * 1024;
const MOST_REASON = 500;
export const OUTPUT_WAIT_MS = 5_000;

export type LastOutput =
  | { readonly kind: 'read'; readonly text: string }
  /** `reason` is for people. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Never rejects, and never takes longer than `waitMs`. @param mask takes secrets out */
export async function lastOutput(
  engine: Pick<ContainerEngine, 'readLogs'>,
  instance: InstanceId,
  mask: Mask,
  signal: AbortSignal,
  waitMs = OUTPUT_WAIT_MS,
): Promise<LastOutput> {
  const tail = new TailBuffer();
  try {
    // Not every call of the engine's client ends with the signal.
    await withTimeLimit(signal, waitMs, (limited) => untilAbort(readTail(engine, instance, tail, limited), limited));
  } catch (error) {
    const text = tail.text(mask);
    return text === '' ? { kind: 'unreadable', reason: reasonOf(error, waitMs) } : { kind: 'read', text };
  }
  return { kind: 'read', text: tail.text(mask) };
}

/** How the message of a failure ends. */
export function outputNote(output: LastOutput): string {
  if (output.kind === 'unreadable') return `; no output: ${output.reason}`;
  return output.text === '' ? '' : `; last output:\n${output.text}`;
}

async function readTail(
  engine: Pick<ContainerEngine, 'readLogs'>,
  instance: InstanceId,
  tail: TailBuffer,
  signal: AbortSignal,
): Promise<void> {
  await engine.readLogs(
    instance,
    { follow: false, tail: LINES, sinceMs: null },
    async (_fd, data) => tail.add(data),
    signal,
  );
}

/** A program that writes without a line break has a last line of any length: only its end is kept. */
class TailBuffer {
  #bytes: Buffer = Buffer.alloc(0);
  #cut = 0;

  add(data: Uint8Array): void {
    const whole = Buffer.concat([this.#bytes, data]);
    this.#bytes = whole.subarray(-LIMIT_BYTES);
    this.#cut += whole.length - this.#bytes.length;
  }

  text(mask: Mask): string {
    const text = mask(this.#bytes.toString('utf8').replaceAll('\u0000', '').trimEnd());
    // What is not kept any more can only be counted in bytes; most output is ASCII.
    return boundedText(text, TEXT_LIMITS.output, 'tail', this.#cut);
  }
}

function reasonOf(error: unknown, waitMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `the engine gave none within ${waitMs / 1_000} s`;
  const message = error instanceof Error ? error.message : String(error);
  if (/logging driver does not support reading/i.test(message)) return 'the logging driver keeps none';
  return boundedText(message, MOST_REASON);
}
