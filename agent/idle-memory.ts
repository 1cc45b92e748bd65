/**
 * Gives memory back to the host when the agent is idle. V8 collects garbage by how much is allocated, not by how much
 * is kept: after a deployment an agent that does almost nothing would hold its largest heap for hours. One full
 * collection of this small heap takes some 20 ms; it is made only while nothing is under way and something was
 * allocated since the last.
 */
import v8 from 'node:v8';
import vm from 'node:vm';
import type { Clock } from './clock.ts';

export interface IdleMemory {
  readonly clock: Clock;
  /** Nothing is under way that a pause could be felt in. */
  readonly isIdle: () => boolean;
  readonly heapBytes: () => number;
  readonly collect: () => void;
}

const LOOK_MS = 15_000;
/** Growth that is worth a collection. */
const WORTH_BYTES = 1_500_000;

/** Node's own collector, which a flag opens; it works in a bundle and in a single executable alike. */
export function garbageCollector(): () => void {
  v8.setFlagsFromString('--expose-gc');
  return vm.runInNewContext('gc') as () => void;
}

/** Ends with the signal. */
export async function collectWhenIdle(memory: IdleMemory, signal: AbortSignal): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  let afterLast = 0;
  while (!isOver()) {
    await memory.clock.sleep(LOOK_MS, signal);
    if (isOver() || !memory.isIdle() || memory.heapBytes() - afterLast < WORTH_BYTES) continue;
    memory.collect();
    afterLast = memory.heapBytes();
  }
}
