// A port that nobody listens on: the wished one, or the next free after it.
import { createServer } from 'node:net';

export async function freePort(wished: number, host: string, taken: ReadonlySet<number>): Promise<number> {
  for (let port = wished; port < wished + 200; port += 1) {
    if (!taken.has(port) && (await isFree(port, host))) return port;
  }
  throw new Error(`no free port from ${wished} to ${wished + 199} on ${host}`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => {
      server.close(() => resolve(true));
    });
  });
}
