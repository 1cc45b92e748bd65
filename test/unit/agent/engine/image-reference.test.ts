import t from 'tap';
import { parseImageReference } from '../../../../agent/engine/image-reference.ts';

const cases: readonly (readonly [string, string, string, string | null, string | null, string])[] = [
  ['nginx', 'docker.io', 'library/nginx', null, null, 'nginx'],
  ['nginx:1.27', 'docker.io', 'library/nginx', '1.27', null, 'nginx'],
  ['team/app:2', 'docker.io', 'team/app', '2', null, 'team/app'],
  ['docker.io/nginx', 'docker.io', 'library/nginx', null, null, 'docker.io/nginx'],
  ['index.docker.io/team/app', 'docker.io', 'team/app', null, null, 'index.docker.io/team/app'],
  ['127.0.0.1:5000/web', '127.0.0.1:5000', 'web', null, null, '127.0.0.1:5000/web'],
  ['localhost/web:1', 'localhost', 'web', '1', null, 'localhost/web'],
  ['registry.test:5000/a/b/c:1@sha256:00', 'registry.test:5000', 'a/b/c', '1', 'sha256:00', 'registry.test:5000/a/b/c'],
  ['registry.test/web@sha256:00', 'registry.test', 'web', null, 'sha256:00', 'registry.test/web'],
];

t.test('parseImageReference: as Docker reads names', (t) => {
  for (const [text, registry, repository, tag, digest, name] of cases) {
    t.same(parseImageReference(text), { registry, repository, tag, digest, name }, text);
  }
  t.end();
});
