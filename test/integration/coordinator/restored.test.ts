// The data directory is replaced by an older copy of itself: hosts show it, and nothing changes until it is confirmed.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { DeploymentView, EventView, HostView } from '../../../protocol/http-api/views.ts';
import { anAppSpec, appName, digest } from '../../support/app-builders.ts';
import { CoordinatorProcess } from '../../support/coordinator-process.ts';

const shipping = (letter: string, name = 'web') => ({
  spec: anAppSpec({ name: appName(name) }),
  images: { web: digest(letter) },
});
interface Doctor {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly text: string }[];
}

/** The lock's socket is the running coordinator's, and Node cannot copy one. */
const isData = (file: string): boolean => !file.endsWith('.sock');

t.test('a restored copy: hosts keep what they run, changes wait, and a person goes on from it', async (t) => {
  const coordinator = await CoordinatorProcess.start();
  const copy = mkdtempSync(path.join(tmpdir(), 'longshore-copy-'));
  t.teardown(async () => {
    await coordinator.close();
    rmSync(copy, { recursive: true, force: true });
  });
  const agents = await Promise.all(['a', 'b'].map((name) => coordinator.enroll(name)));
  const connectAll = (): Promise<unknown> => Promise.all(agents.map((agent) => agent.connect()));
  const stop = async (): Promise<void> => {
    await coordinator.end('SIGTERM');
    await Promise.all(agents.map((agent) => agent.waitClosed()));
  };
  const ship = async (body: ReturnType<typeof shipping>): Promise<DeploymentView> => {
    const made = await coordinator.call<{ deployment: DeploymentView }>('POST', '/v1/deployments', body);
    return coordinator.callUntil<DeploymentView>(
      `/v1/deployments/${made.deployment.id}`,
      (found) => found.endedAt !== null,
    );
  };
  const restoreCheck = (doctor: Doctor) => doctor.checks.find((check) => check.name === 'restore');
  await connectAll();
  t.equal((await ship(shipping('a'))).state, 'succeeded');
  await stop();
  cpSync(coordinator.directory, copy, { recursive: true, filter: isData });

  await coordinator.start();
  await connectAll();
  t.equal((await ship(shipping('b'))).release, 2);
  t.equal((await ship(shipping('c', 'later'))).state, 'succeeded');
  t.equal(restoreCheck(await coordinator.call<Doctor>('GET', '/v1/doctor'))?.ok, true);
  await stop();
  rmSync(coordinator.directory, { recursive: true });
  cpSync(copy, coordinator.directory, { recursive: true, filter: isData });

  await coordinator.start();
  await connectAll();
  const found = await coordinator.callUntil<Doctor>('/v1/doctor', (doctor) => restoreCheck(doctor)?.ok === false);
  t.match(restoreCheck(found)?.text, /older copy: [ab] holds assignment 1\.\d+, the data knows 1\.\d+/);
  const refused = await coordinator.call('POST', '/v1/deployments', shipping('d')).catch((error: unknown) => error);
  t.match(refused, { message: /409 .*CONFLICT.*older copy.*--confirm-restore/ });
  await t.rejects(coordinator.call('DELETE', '/v1/apps/web'), { message: /409/ });
  const hosts = await coordinator.callUntil<{ items: HostView[] }>('/v1/hosts', ({ items }) =>
    items.every((host) => host.waiting !== null),
  );
  t.match(hosts.items[0]?.waiting, /keeps what it has until that is confirmed/);
  t.notOk(
    agents.some((agent) => agent.received.some((message) => message.kind === 'assignment')),
    'nothing is assigned',
  );
  await coordinator.end('SIGKILL');
  await Promise.all(agents.map((agent) => agent.waitClosed()));
  await coordinator.start();
  await connectAll();
  t.equal(restoreCheck(await coordinator.call<Doctor>('GET', '/v1/doctor'))?.ok, false, 'a restart forgets nothing');
  const events = await coordinator.call<{ items: EventView[] }>('GET', '/v1/events?kind=coordinator.restore-found');
  t.equal(events.items.length, 1, 'one event, however many hosts and restarts');
  t.same(
    agents.map((agent) => [agent.apps.web?.release, agent.apps.later?.release]),
    [
      [2, 1],
      [2, 1],
    ],
  );

  const { epoch } = await coordinator.call<{ epoch: number }>('POST', '/v1/restore/confirm', { note: 'disk died' });
  t.equal(epoch, 2);
  const given = await Promise.all(agents.map((agent) => agent.waitFor('assignment')));
  t.same(
    given.map(({ assignment }) => [assignment.epoch, assignment.entries.map((entry) => `${entry.kind} ${entry.app}`)]),
    [
      [2, ['run web']],
      [2, ['run web']],
    ],
    'what the copy does not know is not removed',
  );
  await Promise.all(agents.map((agent) => agent.waitForRelease('web', 1)));
  t.equal(restoreCheck(await coordinator.call<Doctor>('GET', '/v1/doctor'))?.ok, true);
  await t.rejects(coordinator.call('POST', '/v1/restore/confirm', {}), { message: /409/ });
  const again = await ship(shipping('b'));
  t.match(again, { state: 'succeeded', release: 102 }, 'numbers of the lost time are not used again');
});
