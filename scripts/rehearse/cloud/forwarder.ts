/**
 * Passes connections on to machines that answer the balancer's probe, in turn. Asks the stand-in which machines there
 * are. While nobody answers the probe, connections are ended at once.
 */
import http from 'node:http';
import net from 'node:net';
import type { Backends } from './balancers.ts';

const intervalMs = 500;
const limitMs = 2_000;

export function runForwarder(url: string, open: readonly number[]): void {
  let healthy: readonly string[] = [];
  let next = 0;
  const turn = async (): Promise<void> => {
    try {
      const answer = await get(url);
      if (answer.status === 200) {
        const { addresses, probe } = JSON.parse(answer.body) as Backends;
        const probed = await Promise.all(
          addresses.map(async (address) => {
            if (probe === null) return [address];
            const found = await get(`http://${address}:${probe.port}${probe.path}`).catch(() => undefined);
            return found?.status === 200 ? [address] : [];
          }),
        );
        healthy = probed.flat();
      }
    } catch {
      // The stand-in is away: what was healthy is taken to be so still.
    }
    setTimeout(() => void turn(), intervalMs);
  };
  void turn();
  for (const port of open) {
    net
      .createServer({ allowHalfOpen: true }, (client) => {
        const address = healthy[next % Math.max(1, healthy.length)];
        next += 1;
        client.on('error', () => client.destroy());
        if (address === undefined) {
          client.destroy();
          return;
        }
        const server = net.connect({ port, host: address, allowHalfOpen: true });
        server.on('error', () => client.destroy());
        client.on('close', () => server.destroy());
        server.on('close', () => client.destroy());
        client.pipe(server).pipe(client);
      })
      .listen(port);
  }
}

function get(url: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { timeout: limitMs }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', reject);
  });
}
