/**
 * The named schemas of the OpenAPI document. A schema with a name (`.meta({ id })`) becomes one component, and everything
 * that holds it refers to it: a client made from the document has one model for each.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

type Json = Readonly<Record<string, unknown>>;

const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

export class OpenapiComponents {
  readonly #schemas = new Map<string, Json>();

  /**
   * @param io whether defaults were filled in
   * @returns the schema, or a reference to it
   * @throws where two schemas, or the two directions of one, have the same name
   */
  schema(schema: z.ZodType, io: 'input' | 'output'): Json {
    const rendered = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: allowNewKeys });
    const { $schema: _dialect, $defs, id, ...rest } = referToComponents(rendered) as Record<string, unknown>;
    for (const [name, definition] of Object.entries(($defs ?? {}) as Readonly<Record<string, Json>>))
      this.#add(name, definition);
    if (typeof id !== 'string') return rest;
    this.#add(id, rest);
    return { $ref: `${COMPONENTS}${id}` };
  }

  schemas(): Json {
    return Object.fromEntries([...this.#schemas].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  #add(name: string, { id: _name, ...definition }: Json): void {
    const known = this.#schemas.get(name);
    if (known !== undefined && !isDeepStrictEqual(known, definition))
      throw new Error(`two schemas of the API are named ${name}`);
    this.#schemas.set(name, definition);
  }
}

/** Only strict objects refuse keys that they do not know; zod says it of every object that it gives out. */
function allowNewKeys({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  const { def } = zodSchema._zod;
  if (def.type === 'object' && def.catchall?._zod.def.type !== 'never') delete jsonSchema.additionalProperties;
}

function referToComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referToComponents);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === '$ref' && typeof part === 'string' && part.startsWith(DEFINITIONS)
        ? `${COMPONENTS}${part.slice(DEFINITIONS.length)}`
        : referToComponents(part),
    ]),
  );
}
