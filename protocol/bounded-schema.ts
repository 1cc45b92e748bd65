/**
 * Schemas of what is cut to its limit instead of refused: texts, lists and figures that inform. A peer's own legal output
 * is never an error of the protocol; identifiers and numbers that decide something stay strict.
 */
import { z } from 'zod';
import { boundedText } from '../fleet/bounded-text.ts';

/** Text of at most `most` UTF-16 units, without what a database refuses. */
export function textSchema(most: number): z.ZodString {
  return z
    .string()
    .overwrite((text) => boundedText(text, most))
    .max(most);
}

/** The first `most` of a list. */
export function listSchema<T extends z.ZodType>(item: T, most: number): z.ZodArray<T> {
  return z
    .array(item)
    .overwrite((list) => (list.length <= most ? list : list.slice(0, most)))
    .max(most);
}

/** A measured figure, moved into its range. */
export function figureSchema(least: number, most: number): z.ZodNumber {
  return z.number().overwrite((value) => Math.min(most, Math.max(least, value)));
}

/** A measured whole number: bytes, milliseconds. */
export const wholeFigureSchema: z.ZodNumber = z
  .number()
  .overwrite((value) => Math.round(Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, value))));
