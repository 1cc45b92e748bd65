// The agents' path after the hub has stopped, while HTTP still listens.
import { once } from 'node:events';
import { createServer } from 'node:http';
import t from 'tap';
import { acceptAgents } from '../../../coordinator/hub/agent-socket.ts';
import { AGENT_SOCKET_PATH } from '../../../protocol/version.ts';
import { askAndHold, askAndReset } from '../../support/upgrade-client.ts';

t.test('acceptAgents: who comes after its end is answered 503 and does not hold up the end of HTTP', async (t) => {
  const server = createServer();
  const closed: Promise<unknown>[] = [];
  server.on('upgrade', (_request, socket) => closed.push(new Promise((resolve) => socket.once('close', resolve))));
  const sockets = acceptAgents(server, { addressOf: () => '', waitMs: () => 0 }, () => {
    throw new Error('accepted after the end');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  sockets.close();

  t.match(await askAndHold(t, port, AGENT_SOCKET_PATH), /^HTTP\/1\.1 503 /);
  for (let count = 0; count < 5; count++) await askAndReset(port, AGENT_SOCKET_PATH);
  await Promise.all(closed);
  await new Promise((resolve) => server.close(resolve));
});
