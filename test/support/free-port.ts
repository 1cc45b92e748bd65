/**
 * A port that nothing listens on now, below those that the system gives to outgoing connections: one of these would be
 * lost again to the next connection that somebody makes, between this answer and the caller's listening.
 */
import { randomInt } from 'node:crypto';
import net from 'node:net';

const LOWEST = 12_000;
const HIGHEST = 32_000;
const TRIES = 200;

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found from ${LOWEST} to ${HIGHEST}`);
}

/** The first of `count` free ports that follow each other. */
export async function freePortRun(count: number): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = randomInt(LOWEST, HIGHEST - count);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (!free.includes(false)) return first;
  }
  throw new Error(`no ${count} free ports found from ${LOWEST} to ${HIGHEST}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // On every address: Docker publishes there, a coordinator listens on loopback.
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
