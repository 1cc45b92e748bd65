// What a person loses may not take the coordinator with it: the key of the secrets, and the last admin token.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { EventView } from '../../../protocol/http-api/views.ts';
import { anAppSpec, digest } from '../../support/app-builders.ts';
import { CoordinatorProcess } from '../../support/coordinator-process.ts';
import { runProgram } from '../../support/run-program.ts';

interface Checks {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly text: string }[];
}
type Events = { readonly items: readonly EventView[] };

const spec = { ...anAppSpec(), secrets: { password: { name: 'db' } } };
const request = { spec, images: { web: digest('a') } };

t.test('a coordinator that lost the key of its secrets starts, names them, and refuses what needs them', async (t) => {
  const coordinator = await CoordinatorProcess.start();
  t.teardown(() => coordinator.close());
  const agent = await coordinator.enroll('a');
  await agent.connect();
  t.teardown(() => agent.close());
  const setSecret = `/v1/apps/${spec.name}/secrets/db`;
  await coordinator.call('PUT', setSecret, { value: 'hunter22' });
  await coordinator.call('POST', '/v1/plans', request);
  const doctor = async () => (await coordinator.call<Checks>('GET', '/v1/doctor')).checks;
  t.match(
    (await doctor()).find(({ name }) => name === 'secrets'),
    { ok: true },
  );

  await coordinator.end('SIGTERM');
  rmSync(path.join(coordinator.directory, 'secrets.key'));
  await coordinator.start();

  t.match(
    (await doctor()).find(({ name }) => name === 'secrets'),
    { ok: false, text: `secret db of ${spec.name}` },
  );
  t.match(coordinator.output, `secret db of ${spec.name}`);
  const { items } = await coordinator.call<Events>('GET', '/v1/events?kind=secrets.key-changed');
  t.match(items, [{ text: /another key of the secrets/ }]);
  await t.rejects(coordinator.call('POST', '/v1/plans', request), /SECRET_MISSING.*db \(version 1\) cannot be read/);

  await coordinator.call('PUT', setSecret, { value: 'hunter23' });
  await coordinator.call('POST', '/v1/plans', request);
  t.match(
    (await doctor()).find(({ name }) => name === 'secrets'),
    { ok: true },
  );
});

t.test('admin-token --reset makes another admin token, audited, while the coordinator is stopped', async (t) => {
  const coordinator = await CoordinatorProcess.start();
  t.teardown(() => coordinator.close());
  const file = path.join(coordinator.directory, 'admin-token');
  const before = readFileSync(file, 'utf8');
  const reset = (...more: readonly string[]) =>
    runProgram(process.execPath, [
      '--import=tsx',
      'coordinator/main.ts',
      'admin-token',
      ...more,
      '--data-dir',
      coordinator.directory,
    ]);

  t.match(await reset(), { status: 2, stderr: /admin-token --reset/ });
  t.match(await reset('--reset'), { status: 2, stderr: /CONFIG_INVALID: use data_dir/ }, 'it runs');
  t.equal(readFileSync(file, 'utf8'), before);
  await coordinator.end('SIGTERM');

  const ran = await reset('--reset');
  t.match(ran, { status: 0, stdout: /A new admin token is in .*admin-token/ });
  const after = readFileSync(file, 'utf8');
  t.not(after, before);
  t.notMatch(ran.output, after.trim());

  await coordinator.start();
  const { items: tokens } = await coordinator.call<{ items: { id: string; name: string }[] }>('GET', '/v1/tokens');
  t.same(
    tokens.map(({ name }) => name),
    ['first-admin', 'reset-admin'],
  );
  await coordinator.call('DELETE', `/v1/tokens/${tokens[0]?.id ?? ''}`);
  const { items } = await coordinator.call<Events>('GET', '/v1/events?kind=token.made');
  t.match(items[0], { cause: { kind: 'coordinator', detail: /admin-token --reset on the machine .*, by \w+/ } });
});
