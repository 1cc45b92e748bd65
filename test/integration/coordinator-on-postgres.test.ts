// The whole coordinator over the move to PostgreSQL, and over a restart of that.
import t from 'tap';
import { CoordinatorProcess } from '../support/coordinator-process.ts';
import { pollUntil } from '../support/poll-until.ts';
import { postgresForTests, PostgresServer } from '../support/postgres-server.ts';

const { programs, skip } = postgresForTests();

t.test('coordinator: a fleet goes on over the move and over a restart of PostgreSQL', { skip }, async (t) => {
  const server = await PostgresServer.start(programs ?? '');
  t.teardown(() => server.dispose());
  const url = server.url(await server.makeDatabase());
  const coordinator = await CoordinatorProcess.start();
  t.teardown(() => coordinator.close());
  const agent = await coordinator.enroll('host-a');
  await coordinator.end('SIGTERM');

  coordinator.environment = { DATABASE_URL: url };
  await coordinator.start();
  const { pid } = coordinator;
  const names = async (): Promise<readonly string[]> =>
    (await coordinator.call<{ items: { name: string }[] }>('GET', '/v1/hosts')).items.map((host) => host.name);
  t.same(await names(), ['host-a'], 'with the token of before');
  await agent.connect();
  t.teardown(() => agent.close());

  const ready = async (): Promise<number> => (await fetch(`${coordinator.url}/readyz`)).status;
  t.equal(await ready(), 200);
  await server.stop();
  await pollUntil(ready, (status) => status === 503);
  const refused = await coordinator.call('GET', '/v1/hosts').catch((error: unknown) => String(error));
  t.match(refused, /503 .*STORE_UNAVAILABLE/);
  await server.start();
  // Up to 5 s pass between the store's tries, and each may take long on a busy machine.
  await pollUntil(ready, (status) => status === 200, 60_000);
  t.same(await names(), ['host-a']);
  t.equal(coordinator.pid, pid, 'it is the same process');
  await coordinator.callUntil<{ items: { connected: boolean }[] }>(
    '/v1/hosts',
    ({ items }) => items[0]?.connected === true,
  );
  t.equal(await coordinator.end('SIGTERM'), 0);

  coordinator.environment = {};
  await t.rejects(coordinator.start(), /ended with 2:[^]*is in PostgreSQL, and no database is configured/);
  coordinator.environment = { DATABASE_URL: 'mysql://root:swordfish@db/x' };
  await t.rejects(coordinator.start(), /ended with 2:[^]*DATABASE_URL: is not an address of the form/);
  t.notMatch(coordinator.output, /swordfish/);
});
