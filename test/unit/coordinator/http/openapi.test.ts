import t from 'tap';
import { renderOpenapi } from '../../../../coordinator/http/openapi.ts';
import { ERRORS } from '../../../../fleet/errors.ts';
import { PATH_PARAMETERS } from '../../../../protocol/http-api/path-parameters.ts';
import type { Route } from '../../../../protocol/http-api/route.ts';
import { ROUTES } from '../../../../protocol/http-api/routes.ts';

interface Parameter {
  readonly name?: string;
  readonly in?: string;
  readonly $ref?: string;
  readonly schema?: { readonly $ref?: string; readonly pattern?: string };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly security: unknown;
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly $ref?: string }>>;
}

const document = renderOpenapi('9.9.9') as {
  openapi: string;
  info: { version: string };
  servers: unknown;
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, { pattern?: string; enum?: unknown }>;
    responses: Record<string, { content: unknown }>;
  };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

t.test('renderOpenapi: has an operation for every route, and no other', (t) => {
  t.equal(document.openapi, '3.1.0');
  t.equal(document.info.version, '9.9.9');
  t.same(
    operations.map(({ method, path, operation }) => `${operation.operationId} ${method} ${path}`).sort(),
    Object.entries(ROUTES)
      .map(([name, route]) => `${name} ${route.method} ${route.path}`)
      .sort(),
  );
  t.end();
});

// Methods of generated clients are named by them.
t.test('renderOpenapi: keeps the ids of its operations', (t) => {
  t.same(
    operations.map(({ operation }) => operation.operationId),
    'enrollChallenge enroll version whoami listEvents doctor confirmRestore listHosts getHost patchHost removeHost explainHost adoptHost listApps getApp removeApp appHealth pullApp restartApp scaleApp releaseQuarantine listReleases rollback plan deploy listDeployments getDeployment listSteps pauseDeployment resumeDeployment cancelDeployment listSecrets setSecret removeSecret listRegistries setRegistry removeRegistry listTokens makeToken revokeToken listEnrollTokens makeEnrollToken install revokeEnrollToken'.split(
      ' ',
    ),
  );
  t.end();
});

t.test('renderOpenapi: states path and query parameters and bodies', (t) => {
  const events = document.paths['/v1/events']?.get;
  const rollback = document.paths['/v1/apps/{app}/rollback']?.post;

  t.same(
    events?.parameters?.map((parameter) => parameter.name),
    ['limit', 'cursor', 'app', 'host', 'kind', 'deployment', 'order'],
  );
  t.same(
    rollback?.parameters?.map((parameter) => parameter.$ref ?? `${parameter.in} ${parameter.name}`),
    ['path app', '#/components/parameters/IdempotencyKey'],
  );
  t.ok(rollback?.requestBody);
  t.end();
});

t.test('renderOpenapi: states who may call', (t) => {
  const routes: Readonly<Record<string, Route>> = ROUTES;
  for (const { operation } of operations)
    t.same(
      operation.security,
      routes[operation.operationId]?.access === 'public' ? [] : [{ token: [] }],
      operation.operationId,
    );
  t.end();
});

t.test('renderOpenapi: gives every part of a path its pattern', (t) => {
  const inPath = operations.flatMap(({ operation }) => operation.parameters ?? []).filter((one) => one.in === 'path');
  const patternOf = ({ schema }: Parameter): unknown =>
    schema?.pattern ?? document.components.schemas[schema?.$ref?.split('/').at(-1) ?? '']?.pattern;

  t.same([...new Set(inPath.map((one) => one.name))].sort(), Object.keys(PATH_PARAMETERS).sort());
  t.same(inPath.filter((one) => typeof patternOf(one) !== 'string').length, 0);
  t.end();
});

t.test('renderOpenapi: describes errors as a Problem with one of our codes', (t) => {
  const problem = { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } };
  for (const [name, response] of Object.entries(document.components.responses)) t.same(response.content, problem, name);
  for (const { operation } of operations) {
    const { 200: _done, ...refused } = operation.responses;
    t.ok(Object.keys(refused).some((status) => status.startsWith('4')));
    t.ok(Object.values(refused).every((one) => one.$ref?.startsWith('#/components/responses/')));
  }
  t.same(document.components.schemas.ErrorCode?.enum, Object.keys(ERRORS));
  t.end();
});

// A generator makes a model of its own from each object without a name.
t.test('renderOpenapi: every object has a name, and every name is used', (t) => {
  const unnamed: string[] = [];
  const used = new Set<string>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value !== 'object' || value === null) return;
    const isComponent = path.length === 3 && path[0] === 'components' && path[1] === 'schemas';
    if ('properties' in value && 'type' in value && !isComponent) unnamed.push(path.join('/'));
    if ('$ref' in value && typeof value.$ref === 'string') used.add(value.$ref);
    for (const [key, part] of Object.entries(value)) visit(part, [...path, key]);
  };
  visit(document, []);

  const names = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  t.same(unnamed, []);
  t.same([...used].filter((name) => name.startsWith('#/components/schemas/')).sort(), names);
  t.end();
});

t.test('renderOpenapi: is plain JSON', (t) => {
  t.same(JSON.parse(JSON.stringify(document)), document);
  t.end();
});
