import t from 'tap';
import { isImageReference, parseImageReference, registryOfKey } from '../../../fleet/image-reference.ts';

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

t.test('isImageReference: what Docker takes, and nothing else', (t) => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const right = [
    'nginx',
    'team/app:2',
    'registry.test:5000/a/b/c:1',
    `localhost/web:1@${digest}`,
    '[::1]:5000/a__b',
    'Reg.Test/a',
  ];
  for (const text of right) t.ok(isImageReference(text), text);
  const wrong = [
    '',
    'UPPER/x:1',
    'team/App',
    'a b',
    'nginx:',
    'nginx:a/b',
    'a//b',
    '/a',
    'a/',
    'a._b',
    'reg_ex.test/a',
    'reg.test:123456/a',
    'nginx@sha256:00',
    `nginx@${digest}@${digest}`,
    'a'.repeat(401),
  ];
  for (const text of wrong) t.notOk(isImageReference(text), text);
  t.end();
});

t.test('registryOfKey: by host, whatever stands around it', (t) => {
  for (const key of ['a.test:5000', 'a.test:5000/', 'http://a.test:5000', 'https://a.test:5000/v1/'])
    t.equal(registryOfKey(key), 'a.test:5000');
  for (const key of ['docker.io', 'index.docker.io', 'index.docker.io/v1/']) t.equal(registryOfKey(key), 'docker.io');
  t.end();
});
