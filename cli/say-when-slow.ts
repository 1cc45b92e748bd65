/** A line on standard error for a call that takes longer than people expect: what it waits for. */
import type { AppSpec } from '../fleet/app-spec.ts';
import { parseImageReference } from '../fleet/image-reference.ts';
import type { Terminal } from './terminal.ts';

export const SLOW_AFTER_MS = 5_000;

export async function sayWhenSlow<T>(
  terminal: Pick<Terminal, 'err'>,
  what: string,
  work: Promise<T>,
  afterMs = SLOW_AFTER_MS,
): Promise<T> {
  const timer = setTimeout(() => terminal.err(what), afterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

/** Tags are resolved by the coordinator, which asks their registries. */
export function planningWaitsFor(spec: AppSpec, known: Readonly<Record<string, unknown>>): string {
  const registries = Object.entries(spec.services).flatMap(([service, { image }]) =>
    image.digest !== null || service in known ? [] : [parseImageReference(image.reference).registry],
  );
  if (registries.length === 0) return 'waiting for the coordinator';
  return `waiting for the registry ${[...new Set(registries)].sort().join(', ')}`;
}
