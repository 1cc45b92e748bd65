import t from 'tap';
import { authorise, bearerToken, roleSuffices } from '../../../../coordinator/http/authentication.ts';
import { ACTORS, fakeCommands } from '../../../support/fake-commands.ts';

t.test('bearerToken: takes the token of a well-formed header only', (t) => {
  t.equal(bearerToken('Bearer ls_abc'), 'ls_abc');
  t.equal(bearerToken('bearer ls_abc'), 'ls_abc');
  for (const header of [undefined, '', 'Basic abc', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(300)}`])
    t.equal(bearerToken(header), null);
  t.end();
});

t.test('roleSuffices: admin may all, viewer only look', (t) => {
  t.ok(roleSuffices('admin', 'operator'));
  t.ok(roleSuffices('operator', 'operator'));
  t.notOk(roleSuffices('viewer', 'operator'));
  t.notOk(roleSuffices('operator', 'admin'));
  t.end();
});

t.test('authorise: tells an unknown token from a role that is not enough', async (t) => {
  const commands = fakeCommands({});

  t.same(await authorise(commands, 'operator', 'viewer'), ACTORS.operator);
  await t.rejects(authorise(commands, null, 'viewer'), { code: 'UNAUTHENTICATED' });
  await t.rejects(authorise(commands, 'nobody', 'viewer'), { code: 'UNAUTHENTICATED' });
  await t.rejects(authorise(commands, 'viewer', 'admin'), {
    code: 'FORBIDDEN',
    message: /vera has the role viewer, and this needs admin/,
  });
});
