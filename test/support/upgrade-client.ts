/** A peer that asks for a WebSocket by hand, and does not behave: it leaves at once, or never closes its side. */
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import type { Test } from 'tap';
import { pollUntil } from './poll-until.ts';

const requestFor = (path: string, headers: readonly string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: here',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
    '\r\n',
  ].join('\r\n');

/** Asks and is gone (RST), so that the answer meets nobody. */
export async function askAndReset(port: number, path: string, headers: readonly string[] = []): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(requestFor(path, headers), () => socket.resetAndDestroy());
  await closed;
}

/** @returns what is answered; its own side stays open until the test ends */
export async function askAndHold(
  t: Pick<Test, 'teardown'>,
  to: number | string,
  path: string,
  headers: readonly string[] = [],
): Promise<string> {
  const where = typeof to === 'number' ? { port: to, host: '127.0.0.1' } : { path: to };
  const socket = net.connect({ ...where, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  let answer = '';
  socket.on('error', () => undefined);
  socket.on('data', (data) => (answer += data.toString()));
  socket.write(requestFor(path, headers));
  return pollUntil(
    async () => answer,
    (text) => text.includes('\r\n\r\n'),
  );
}

/** A socket as Node gives it away at an upgrade: nobody listens to it. */
export function bareSocket(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
}
