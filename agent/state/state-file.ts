/**
 * Reads one versioned JSON file of the agent. A damaged one is set aside under `<file>.damaged` and answered as such,
 * never overwritten and never the end of the agent: what it held is found again from the engine and the coordinator.
 */
import { rename } from 'node:fs/promises';
import type { z } from 'zod';
import { readIfThere } from '../durable-file.ts';
import { type Parsed, parseLenient } from './parse-lenient.ts';

export type StateFile<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly reason: string; readonly setAsideAs: string };

/** @throws STATE_FILE_INVALID where the disk refuses reading or renaming */
export async function readStateFile<T>(file: string, schema: z.ZodType<T>): Promise<StateFile<T>> {
  const text = await readIfThere(file);
  if (text === null) return { kind: 'missing' };
  const parsed = parse(text, schema);
  if (parsed.kind === 'value') return { kind: 'read', value: parsed.value };
  const setAsideAs = `${file}.damaged`;
  await rename(file, setAsideAs);
  return { kind: 'damaged', reason: parsed.reason, setAsideAs };
}

function parse<T>(text: string, schema: z.ZodType<T>): Parsed<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'refused', reason: 'it is not JSON' };
  }
  return parseLenient(schema, json);
}
