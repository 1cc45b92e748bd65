/**
 * A port that nothing listens on now, below those that the system gives to outgoing connections: one of these would be
 * lost again to the next connection that somebody makes, between this answer and the caller's listening.
 */
import { randomInt } from 'node:crypto';
import net from 'node:net';

const LOWEST = 12_000;
const HIGHEST = 32_000;
const TRIES = 200;
/** Files of tests that run at the same time look in different halves. */
const HALF = (HIGHEST - LOWEST) / 2;
const FIRST = LOWEST + HALF * (Number(process.env.TAP_JOB_ID ?? 0) % 2);
/** Answered here before, and perhaps not listened on yet. */
const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FIRST, FIRST + HALF);
    if (await take(port, 1)) return port;
  }
  throw new Error(`no free port found from ${FIRST} to ${FIRST + HALF}`);
}

/** The first of `count` free ports that follow each other. */
export async function freePortRun(count: number): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = randomInt(FIRST, FIRST + HALF - count);
    if (await take(first, count)) return first;
  }
  throw new Error(`no ${count} free ports found from ${FIRST} to ${FIRST + HALF}`);
}

async function take(first: number, count: number): Promise<boolean> {
  const ports = Array.from({ length: count }, (_, index) => first + index);
  if (ports.some((port) => given.has(port))) return false;
  for (const port of ports) given.add(port);
  return (await Promise.all(ports.map(isFree))).every(Boolean);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // On every address: Docker publishes there, a coordinator listens on loopback.
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
