/**
 * Whether an address is one of this machine's, in the network that the agent sees. A socket can be bound only to such
 * a one. The list of interfaces would not do: it leaves out a bridge to which no container is attached yet.
 */
import { createSocket } from 'node:dgram';

/** @param address IPv4 or IPv6; what is none is not local */
export function isLocalAddress(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ address, port: 0, exclusive: true }, () => {
      socket.close(() => resolve(true));
    });
  });
}
