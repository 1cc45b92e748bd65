// The coordinator as a process, under upgrades that it refuses.
import t from 'tap';
import { CoordinatorProcess } from '../../support/coordinator-process.ts';
import { askAndHold, askAndReset } from '../../support/upgrade-client.ts';

t.test('coordinator: refused upgrades neither end it nor hold up its stop', async (t) => {
  const coordinator = await CoordinatorProcess.start();
  t.teardown(() => coordinator.close());

  for (let count = 0; count < 20; count++) {
    await askAndReset(coordinator.port, '/nowhere');
    await askAndReset(coordinator.port, '/v1/console', ['Origin: http://evil.example']);
  }
  t.equal((await fetch(`${coordinator.url}/healthz`)).status, 200);
  t.match(await askAndHold(t, coordinator.port, '/nowhere'), /^HTTP\/1\.1 404 /);
  t.match(await askAndHold(t, coordinator.port, '/v1/console', ['Origin: http://evil.example']), /^HTTP\/1\.1 403 /);

  t.equal(await coordinator.end('SIGTERM'), 0, 'its peers are still there');
});
