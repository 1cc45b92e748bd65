import t from 'tap';
import { renderOpenapi } from '../../../../coordinator/http/openapi.ts';
import { ROUTES } from '../../../../protocol/http-api/routes.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly security?: unknown;
  readonly requestBody?: unknown;
}

const document = renderOpenapi('9.9.9') as {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
};

t.test('renderOpenapi: has an operation for every route, and no other', (t) => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

  t.equal(document.openapi, '3.1.0');
  t.equal(document.info.version, '9.9.9');
  t.same(operations.map((operation) => operation.operationId).sort(), Object.keys(ROUTES).sort());
  t.end();
});

t.test('renderOpenapi: states path and query parameters, bodies and who may call', (t) => {
  const events = document.paths['/v1/events']?.get;
  const rollback = document.paths['/v1/apps/{app}/rollback']?.post;

  t.same(
    events?.parameters?.map((parameter) => parameter.name),
    ['limit', 'cursor', 'app', 'host', 'kind', 'deployment', 'order'],
  );
  t.same(
    rollback?.parameters?.map((parameter) => `${parameter.in} ${parameter.name}`),
    ['path app', 'header Idempotency-Key'],
  );
  t.ok(rollback?.requestBody);
  t.ok(rollback?.security);
  t.notOk(document.paths['/v1/enroll']?.post?.security);
  t.end();
});

t.test('renderOpenapi: is plain JSON', (t) => {
  t.same(JSON.parse(JSON.stringify(document)), document);
  t.end();
});
