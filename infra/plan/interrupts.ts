/**
 * Signals to stop, passed on to whatever program runs now. We ourselves end only after it has, so that a plan that is
 * called off leaves no half of one and no Terraform behind.
 */
import type { Interrupts } from './run-program.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface CountedInterrupts extends Interrupts {
  readonly count: () => number;
}

export interface SignalSource {
  readonly on: (signal: (typeof SIGNALS)[number], listener: () => void) => unknown;
}

export function createInterrupts(source: SignalSource): CountedInterrupts {
  const listeners = new Set<() => void>();
  let count = 0;
  for (const signal of SIGNALS)
    source.on(signal, () => {
      count += 1;
      for (const listener of listeners) listener();
    });
  return {
    count: () => count,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
