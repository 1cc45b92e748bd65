import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { composeFiles, type WhereToLook } from '../../../cli/compose-files.ts';

t.test('composeFiles: the default names, each with any of the override names', (t) => {
  for (const base of ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'])
    for (const over of ['compose.override.yml', 'docker-compose.override.yaml']) {
      const folder = t.testdir({ [base]: '', [over]: '', 'other.override.yaml': '' });
      const found = composeFiles({ folder, named: [], environment: {}, envFiles: undefined });
      t.strictSame(found.files, [join(folder, base), join(folder, over)], `${base} with ${over}`);
    }
  const folder = t.testdir({ 'docker-compose.yml': '', 'compose.yaml': '' });
  const where = { folder, named: [], environment: {}, envFiles: undefined };
  t.strictSame(composeFiles(where).files, [join(folder, 'compose.yaml')], 'the first name wins');
  t.strictSame(composeFiles({ ...where, folder: join(folder, 'none') }).files, []);
  t.end();
});

t.test('composeFiles: COMPOSE_FILE from the environment, then from .env', (t) => {
  const folder = t.testdir({
    'compose.yaml': '',
    '.env': 'COMPOSE_FILE=a.yaml,sub/b.yaml\nCOMPOSE_PATH_SEPARATOR=,\nA=1\n',
  });
  const at = (...names: string[]): string[] => names.map((name) => join(folder, name));
  const find = (more: Partial<WhereToLook> = {}) =>
    composeFiles({ folder, named: [], environment: {}, envFiles: undefined, ...more });
  t.match(find(), { files: at('a.yaml', 'sub/b.yaml'), namedBy: 'COMPOSE_FILE', environment: {} });
  t.strictSame(find({ environment: { COMPOSE_FILE: 'c.yaml', COMPOSE_PATH_SEPARATOR: ':' } }).files, at('c.yaml'));
  t.strictSame(find({ environment: { COMPOSE_FILE: 'sub/c.yaml' } }).environment.A, '1', 'files in another folder');
  t.match(find({ named: ['d.yaml'] }), { files: at('d.yaml'), namedBy: '-f' });
  mkdirSync(join(folder, 'env'));
  writeFileSync(join(folder, 'env/x.env'), 'COMPOSE_FILE=e.yaml:f.yaml\n');
  t.strictSame(find({ envFiles: ['env/x.env'] }).files, at('e.yaml', 'f.yaml'), '--env-file');
  t.strictSame(find({ environment: { COMPOSE_FILE: '' } }).files, at('compose.yaml'), 'empty is not set');
  writeFileSync(join(folder, '.env'), 'COMPOSE_FILE=a.yaml\n-\n');
  t.throws(() => find(), { code: 'INPUT_INVALID', message: /\.env: line 2/ });
  t.end();
});
