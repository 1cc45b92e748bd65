/**
 * JSON as the APIs speak it: what can be in it, safe looks into it, and the merge of a PATCH (objects merge, lists are
 * replaced, null takes away).
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

export function listAt(object: JsonObject, key: string): readonly Json[] {
  const value = object[key];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function objectsAt(object: JsonObject, key: string): readonly JsonObject[] {
  return listAt(object, key).filter(isObject);
}

export function textsAt(object: JsonObject, key: string): readonly string[] {
  return listAt(object, key).filter((value) => typeof value === 'string');
}

/** Google writes 64-bit numbers as strings and takes both. */
export function textAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

export function mergePatch(before: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...before };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      Reflect.deleteProperty(merged, key);
      continue;
    }
    const old = merged[key];
    merged[key] = isObject(value) && isObject(old) ? mergePatch(old, value) : value;
  }
  return merged;
}

/** Every string in it goes through `change`. */
export function mapStrings(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map((part) => mapStrings(part, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapStrings(part, change)]));
}

export function mapObjectStrings(value: JsonObject, change: (text: string) => string): JsonObject {
  return mapStrings(value, change) as JsonObject;
}

export function stringsOf(value: Json): string[] {
  const found: string[] = [];
  mapStrings(value, (text) => {
    found.push(text);
    return text;
  });
  return found;
}

/** Google keeps no null and no empty list: a field that was sent so is not there. */
export function withoutEmpty(object: JsonObject): JsonObject {
  const clean = (value: Json): Json =>
    Array.isArray(value) ? (value as readonly Json[]).map(clean) : isObject(value) ? withoutEmpty(value) : value;
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => (isNothing(value) ? [] : [[key, clean(value)]])),
  );
}

function isNothing(value: Json): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
