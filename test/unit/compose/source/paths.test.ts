import t from 'tap';
import { folderOf, joinPath, lastName, normalizePath } from '../../../../compose/source/paths.ts';

t.test('paths: joined and made plain without a disk', (t) => {
  t.equal(joinPath('.', 'a/b'), 'a/b');
  t.equal(joinPath('/srv/app', './web'), '/srv/app/web');
  t.equal(joinPath('/srv/app', '../web'), '/srv/web');
  t.equal(joinPath('app', '../../x'), '../x');
  t.equal(joinPath('app', '/etc/x'), '/etc/x');
  t.equal(joinPath('.', '.'), '.');
  t.equal(normalizePath('/../a//b/./c/'), '/a/b/c');
  t.equal(folderOf('compose.yaml'), '.');
  t.equal(folderOf('/compose.yaml'), '/');
  t.equal(folderOf('a/b/compose.yaml'), 'a/b');
  t.equal(lastName('/srv/my-app/'), 'my-app');
  t.end();
});
