// Requests that wait at the agent's socket, and upgrades, which are none of its business.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { HoldListener } from '../../../agent/ingress/hold-listener.ts';
import { listeningServers } from '../../support/listening-servers.ts';
import { askAndHold, bareSocket } from '../../support/upgrade-client.ts';

async function listening(t: Test) {
  const folder = await mkdtemp(path.join(tmpdir(), 'longshore-hold-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const socketPath = path.join(folder, 'hold.sock');
  const { made, servers } = await listeningServers(() =>
    HoldListener.listen({ socketPath, stateOf: () => 'live', most: 10 }),
  );
  return { socketPath, listener: made, server: servers[0] };
}

t.test('hold listener: an upgrade whose peer has left does not end the agent', async (t) => {
  const { listener, server } = await listening(t);
  t.teardown(() => listener.close());
  const socket = bareSocket();

  server?.emit('upgrade', {}, socket, Buffer.alloc(0));

  t.doesNotThrow(() => socket.emit('error', new Error('write EPIPE')));
  t.ok(socket.destroyed);
});

t.test('hold listener: an upgrade is answered 404, and who stays after it does not hold up the end', async (t) => {
  const { socketPath, listener } = await listening(t);

  t.match(await askAndHold(t, socketPath, '/hold/0123456789abcdef'), /^HTTP\/1\.1 404 /);

  await listener.close();
  t.pass('it has ended while the peer is still there');
});
