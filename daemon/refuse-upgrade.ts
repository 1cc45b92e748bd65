/** The answer to a request for another protocol that nobody serves. */
import type { Duplex } from 'node:stream';

/**
 * Answers an `upgrade` with this status, such as `404 Not Found`, and lets go of the socket. Node gives the socket away
 * without any listener: an error of a peer that has left would end the process. And a peer that holds its side open
 * would hold up the end of the server.
 */
export function refuseUpgrade(socket: Duplex, status: string, headers: Readonly<Record<string, string>> = {}): void {
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${more.join('')}\r\n`);
}
