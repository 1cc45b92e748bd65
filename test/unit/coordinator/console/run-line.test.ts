import t from 'tap';
import { completeLine, runLine } from '../../../../coordinator/console/run-line.ts';
import { ACTORS, fakeCommands } from '../../../support/fake-commands.ts';
import { aDeploymentView, aHostView } from '../../../support/views.ts';

const hosts = [aHostView({ name: 'quay-1' }), aHostView({ name: 'quay-2' })];
const listHosts = () => Promise.resolve({ items: hosts, next: null });

t.test('runLine: runs the verb with its words', async (t) => {
  const commands = fakeCommands({
    listHosts,
    cancelDeployment: (id, request) =>
      Promise.resolve(aDeploymentView({ id, state: request.rollback ? 'rolling_back' : 'cancelled' })),
  });

  t.match(await runLine('hosts', commands, ACTORS.viewer, 0), /quay-1[\s\S]*quay-2/);
  t.match(await runLine('cancel d-0000000000000001 --rollback', commands, ACTORS.operator, 0), /rolling_back/);
  t.equal(await runLine('   ', commands, ACTORS.viewer, 0), '');
});

t.test('runLine: says what is wrong with a line and how it goes', async (t) => {
  const commands = fakeCommands({ listHosts });

  await t.rejects(runLine('dance', commands, ACTORS.admin, 0), { code: 'INPUT_INVALID', message: /no verb `dance`/ });
  await t.rejects(runLine('explain', commands, ACTORS.admin, 0), {
    code: 'INPUT_INVALID',
    problem: { hint: 'Usage: explain HOST' },
  });
  await t.rejects(runLine('hosts a b', commands, ACTORS.admin, 0), { message: /a word too much/ });
  await t.rejects(runLine('hosts --force', commands, ACTORS.admin, 0), { message: /no --force/ });
  await t.rejects(runLine('rollback shop three', commands, ACTORS.admin, 0), {
    message: /`three` is not a release number/,
  });
});

t.test('runLine: a list is read page by page, and one that is cut says where the rest is', async (t) => {
  const list = (total: number) =>
    fakeCommands({
      listHosts: ({ limit, cursor }) => {
        const from = Number(cursor ?? 0);
        const count = Math.min(limit, total - from);
        const items = Array.from({ length: count }, (_, n) => aHostView({ name: `quay-${from + n}` }));
        return Promise.resolve({ items, next: from + count < total ? String(from + count) : null });
      },
    });

  const whole = await runLine('hosts', list(700), ACTORS.viewer, 0);
  t.match(whole, /quay-699\b/);
  t.notMatch(whole, /more with/);
  const cut = await runLine('hosts', list(1_001), ACTORS.viewer, 0);
  t.match(cut, /quay-999\b[^]*\nThe first 1000; more with `longshore hosts`\.$/);
  t.same(await completeLine('drain quay-69', list(700)).then((items) => items.length), 11, 'names of every page');
});

t.test('runLine: a viewer may not change anything', async (t) => {
  for (const line of ['drain quay-1', 'pull shop', 'rollback shop', 'cancel d-0000000000000001', 'tokens']) {
    await t.rejects(runLine(line, fakeCommands({}), ACTORS.viewer, 0), { code: 'FORBIDDEN' }, line);
  }
});

t.test('completeLine: verbs first, then the names that fit', async (t) => {
  const commands = fakeCommands({ listHosts });

  t.same(await completeLine('ex', commands), ['explain']);
  t.same(await completeLine('drain quay', commands), ['quay-1', 'quay-2']);
  t.same(await completeLine('drain quay-1 --', commands), ['--note=']);
  t.same(await completeLine('dance x', commands), []);
});
