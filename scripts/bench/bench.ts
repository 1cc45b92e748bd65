// What a bench is: it measures and returns figures; who runs it prints them beside their goals.
import type { Figure } from './figure.ts';

export interface BenchTools {
  readonly say: (text: string) => void;
  readonly pause: (ms: number) => Promise<void>;
  /** Aborts on Ctrl-C and past the bench's limit. */
  readonly signal: AbortSignal;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Past it, it is ended and cleaned up. */
  readonly limitMs: number;
  readonly run: (tools: BenchTools) => Promise<readonly Figure[]>;
}
