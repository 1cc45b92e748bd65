// What is refused an upgrade is answered and let go, however the peer behaves.
import { once } from 'node:events';
import http from 'node:http';
import type { Socket } from 'node:net';
import t from 'tap';
import { refuseUpgrade } from '../../daemon/refuse-upgrade.ts';
import { askAndHold, askAndReset, bareSocket } from '../support/upgrade-client.ts';

t.test('refuseUpgrade: an error of the socket ends the socket and nothing else', async (t) => {
  const socket = bareSocket();
  refuseUpgrade(socket, '404 Not Found');

  t.doesNotThrow(() => socket.emit('error', new Error('read ECONNRESET')));
  t.ok(socket.destroyed);
});

t.test('refuseUpgrade: the socket is let go when the answer has been taken', async (t) => {
  const socket = bareSocket();
  const closed = once(socket, 'close');
  refuseUpgrade(socket, '404 Not Found');
  t.notOk(socket.destroyed);

  await once(socket, 'finish');
  await closed;
  t.ok(socket.destroyed);
});

t.test('refuseUpgrade: peers that left and peers that stay hold up no server', async (t) => {
  const server = http.createServer();
  const ends: Promise<unknown>[] = [];
  server.on('upgrade', (_request, socket) => {
    ends.push(new Promise((resolve) => socket.once('close', resolve)));
    refuseUpgrade(socket, '418 Teapot');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });

  for (let count = 0; count < 20; count++) await askAndReset(port, '/x');
  t.match(await askAndHold(t, port, '/x'), /^HTTP\/1\.1 418 Teapot\r\nConnection: close\r\nContent-Length: 0\r\n\r\n$/);

  await Promise.all(ends);
  await new Promise((resolve) => server.close(resolve));
  t.equal(open.size, 0);
});
