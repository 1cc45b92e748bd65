/** The fleet file's form as JSON schema, for editors: written from the schema that checks it, with a word on each key. */
import { z } from 'zod';
import { FLEET_DESCRIPTIONS } from './fleet-descriptions.ts';
import { fleetSchema } from './fleet-schema.ts';

type Json = Readonly<Record<string, unknown>>;

export function fleetJsonSchema(): Json {
  const schema = described(z.toJSONSchema(fleetSchema, { io: 'input' }), []);
  return { title: 'Longshore fleet file', ...schema };
}

/** Every key of the fleet file, as `coordinator.zone`; `*` stands for a pool's name. */
export function fleetKeys(): readonly string[] {
  return keysOf(z.toJSONSchema(fleetSchema, { io: 'input' }), []);
}

function described(schema: Json, path: readonly string[]): Json {
  const text = FLEET_DESCRIPTIONS[path.join('.')];
  const { anyOf, properties, additionalProperties, items } = schema;
  return {
    ...(text === undefined ? {} : { description: text }),
    ...schema,
    ...(Array.isArray(anyOf) ? { anyOf: anyOf.map((branch) => withoutText(described(branch as Json, path))) } : {}),
    ...(isJson(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [key, described(value as Json, [...path, key])]),
          ),
        }
      : {}),
    ...(isJson(additionalProperties) ? { additionalProperties: described(additionalProperties, [...path, '*']) } : {}),
    ...(isJson(items) ? { items: withoutText(described(items, path)) } : {}),
  };
}

/** It stands one level higher already. */
function withoutText({ description: _description, ...schema }: Json): Json {
  return schema;
}

function keysOf(schema: Json, path: readonly string[]): readonly string[] {
  const { anyOf, properties, additionalProperties, items } = schema;
  return [
    ...(Array.isArray(anyOf) ? anyOf.flatMap((branch) => keysOf(branch as Json, path)) : []),
    ...Object.entries(isJson(properties) ? properties : {}).flatMap(([key, value]) => [
      [...path, key].join('.'),
      ...keysOf(value as Json, [...path, key]),
    ]),
    ...(isJson(additionalProperties) ? keysOf(additionalProperties, [...path, '*']) : []),
    ...(isJson(items) ? keysOf(items, path) : []),
  ];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
