/**
 * Where the log goes: a stream whose disk may be full, whose reader may be slow or gone. None of these stops the
 * coordinator, which pino's own destination would: it throws on a full disk, and then flushes for ever.
 */
import type { Writable } from 'node:stream';

/** What waits for a slow reader; lines beyond it are lost. */
const MOST_WAITING_BYTES = 1024 * 1024;

export interface LogOutput {
  write(line: string): void;
}

/** Takes the errors of the stream; a line that it refuses is lost, and the next one tried. */
export function logOutput(stream: Writable): LogOutput {
  stream.on('error', () => undefined);
  return {
    write: (line) => {
      if (stream.writableLength < MOST_WAITING_BYTES) stream.write(line);
    },
  };
}
