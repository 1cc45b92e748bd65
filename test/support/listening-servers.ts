/** The servers of parts that give away none: all that begin to listen while the work is under way. */
import net from 'node:net';

export async function listeningServers<T>(work: () => Promise<T>): Promise<{ made: T; servers: net.Server[] }> {
  const servers: net.Server[] = [];
  const listen = Reflect.get(net.Server.prototype, 'listen') as (...given: unknown[]) => unknown;
  net.Server.prototype.listen = function (this: net.Server, ...given: unknown[]): net.Server {
    servers.push(this);
    return Reflect.apply(listen, this, given) as net.Server;
  };
  try {
    return { made: await work(), servers };
  } finally {
    Reflect.set(net.Server.prototype, 'listen', listen);
  }
}
