/** The OpenAPI 3.1 document, made from the table of routes and its schemas: it cannot say something else than the server does. */
import { z } from 'zod';
import { PATH_PARAMETERS, isPathParameter } from '../../protocol/http-api/path-parameters.ts';
import type { Route } from '../../protocol/http-api/route.ts';
import { ROUTE_GROUPS } from '../../protocol/http-api/routes.ts';
import { problemSchema } from '../../protocol/scalars.ts';
import { OpenapiComponents } from './openapi-components.ts';
import { refusalResponses, refusalsOf } from './openapi-refusals.ts';

type Json = Readonly<Record<string, unknown>>;

/** @returns plain JSON */
export function renderOpenapi(version: string): Json {
  const components = new OpenapiComponents();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [tag, { routes }] of Object.entries(ROUTE_GROUPS))
    for (const [name, route] of Object.entries(routes as Readonly<Record<string, Route>>)) {
      const path = (paths[route.path] ??= {});
      path[route.method.toLowerCase()] = operation(tag, name, route, components);
    }
  const problem = components.schema(problemSchema, 'output');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Longshore',
      version,
      description:
        'Every list is paged (`limit`, `cursor`); every error is a Problem. `{host}` takes an id or a name. Replies may gain keys: ignore those that you do not know.',
      contact: { name: 'The operator of this coordinator' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The coordinator that this document comes from' }],
    tags: Object.entries(ROUTE_GROUPS).map(([name, { about }]) => ({ name, description: about })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token; its role must be at least the one that `x-role` names.',
        },
      },
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
      responses: refusalResponses(problem),
      schemas: components.schemas(),
    },
  };
}

function operation(tag: string, name: string, route: Route, components: OpenapiComponents): Json {
  const inPath = pathParameters(route.path, components);
  const parameters = [
    ...inPath,
    ...queryParameters(route.query, components),
    ...(route.creates === true ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ];
  const isPublic = route.access === 'public';
  return {
    operationId: name,
    tags: [tag],
    summary: route.summary,
    description: `${route.summary}. ${isPublic ? 'Needs no token.' : `Needs the role ${route.access} or a higher one.`}`,
    ...(isPublic ? { security: [] } : { security: [{ token: [] }], 'x-role': route.access }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === null
      ? {}
      : { requestBody: { required: true, content: content(components.schema(route.body, 'input')) } }),
    responses: {
      '200': {
        description: 'Done',
        ...(route.reply === null ? {} : { content: content(components.schema(route.reply, 'output')) }),
      },
      ...refusalsOf(route, inPath.length > 0),
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

function pathParameters(path: string, components: OpenapiComponents): readonly Json[] {
  return [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name = '']) => {
    if (!isPathParameter(name)) throw new Error(`{${name}} of ${path} has no schema`);
    const { schema, about } = PATH_PARAMETERS[name];
    return { name, in: 'path', required: true, description: about, schema: components.schema(schema, 'input') };
  });
}

function queryParameters(schema: z.ZodType | null, components: OpenapiComponents): readonly Json[] {
  if (schema === null) return [];
  if (!(schema instanceof z.ZodObject)) throw new Error('a query must be an object');
  return Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).map(([name, property]) => ({
    name,
    in: 'query',
    required: false,
    schema: components.schema(property, 'input'),
  }));
}
