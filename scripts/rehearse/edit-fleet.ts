/** Edits of a fleet file as a person makes them: one value, and everything else stays as it is written. */
import { parseDocument } from 'yaml';

export function withValue(text: string, path: readonly string[], value: number | boolean | string): string {
  const document = parseDocument(text);
  document.setIn(path, value);
  return document.toString();
}
