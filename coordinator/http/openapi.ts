/** The OpenAPI 3.1 document, made from the table of routes and its schemas: it cannot say something else than the server does. */
import { z } from 'zod';
import { ROUTES } from '../../protocol/http-api/routes.ts';
import type { Route } from '../../protocol/http-api/route.ts';
import { problemSchema } from '../../protocol/scalars.ts';

type Json = Readonly<Record<string, unknown>>;

export function renderOpenapi(version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(ROUTES as Readonly<Record<string, Route>>)) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(name, route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Longshore',
      version,
      description: 'Every list is paged (`limit`, `cursor`); every error is a Problem. `{host}` takes an id or a name.',
    },
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token; its role must be at least the one that `x-role` names.',
        },
      },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
  };
}

function operation(name: string, route: Route): Json {
  const parameters = [
    ...pathParameters(route.path),
    ...queryParameters(route.query),
    ...(route.creates === true ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId: name,
    summary: route.summary,
    ...(route.access === 'public' ? {} : { security: [{ token: [] }], 'x-role': route.access }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === null
      ? {}
      : { requestBody: { required: true, content: content(jsonSchema(route.body, 'input')) } }),
    responses: {
      '200': {
        description: 'Done',
        ...(route.reply === null ? {} : { content: content(jsonSchema(route.reply, 'output')) }),
      },
      default: { description: 'Refused', content: content({ $ref: '#/components/schemas/Problem' }) },
    },
  };
}

const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Made anew for each thing to create. For a day the same request with the same key and token is answered as the first was, and creates nothing; another request with it is refused with REQUEST_DIFFERS.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
};

function content(schema: Json): Json {
  return { 'application/json': { schema } };
}

function pathParameters(path: string): readonly Json[] {
  return [...path.matchAll(/\{([a-z]+)\}/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(schema: z.ZodType | null): readonly Json[] {
  if (schema === null) return [];
  const object = jsonSchema(schema, 'input');
  const properties = object.properties;
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: false,
    schema: property as Json,
  }));
}

/** Transforms (error codes of a newer side) have no JSON form: they are shown as what comes in. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return rest;
}
