// What systemd hears from the coordinator, over a real notification socket, and what signals do to it.
import t from 'tap';
import { CoordinatorProcess } from '../support/coordinator-process.ts';
import { NotifySocket, whyNoNotifySocket } from '../support/notify-socket.ts';
import { pollUntil } from '../support/poll-until.ts';

t.test('coordinator: systemd hears READY, STATUS, WATCHDOG and STOPPING', { skip: whyNoNotifySocket() }, async (t) => {
  const socket = await NotifySocket.listen();
  t.teardown(() => socket.close());
  const coordinator = await CoordinatorProcess.start({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000000' });
  t.teardown(() => coordinator.close());

  t.match(await socket.until((line) => line.includes('READY=1')), /STATUS=ready; 0 of 0 hosts connected/);
  await socket.until((line) => line.includes('WATCHDOG=1'));
  t.equal(await coordinator.end('SIGTERM'), 0);
  await socket.until((line) => line.includes('STOPPING=1'));
});

t.test('coordinator: SIGHUP is logged and ends nothing', async (t) => {
  const coordinator = await CoordinatorProcess.start();
  t.teardown(() => coordinator.close());
  process.kill(coordinator.pid ?? 0, 'SIGHUP');
  await pollUntil(
    () => Promise.resolve(coordinator.output),
    (output) => output.includes('SIGHUP'),
    30_000,
  );
  t.equal((await fetch(`${coordinator.url}/healthz`)).status, 200);
});

t.test('coordinator: a certificate that its user cannot read is refused with what to do', async (t) => {
  const files = { LONGSHORE_TLS_CERT_FILE: '/does/not/exist.pem', LONGSHORE_TLS_KEY_FILE: '/does/not/exist.key' };
  await t.rejects(CoordinatorProcess.start(files), /ended with 2[^]*read tls_cert_file[^]*chown longshore-coordinator/);
});
