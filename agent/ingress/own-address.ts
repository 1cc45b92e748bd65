/**
 * Asks the ingress as another machine would: at the address of this host that leads outside, over HTTP, for something
 * that only our Caddy knows. A request of a machine to its own address does not pass the firewall's rules for other
 * machines, so a firewall in front is not seen by this.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { request } from 'node:http';
import { isIP } from 'node:net';
import { errnoOf } from '../durable-file.ts';
import { IDENTITY_PATH } from './proxy-options.ts';

const TIMEOUT_MS = 5_000;
const LONGEST_ANSWER = 1_024;
/** Reserved for documentation, and routed nowhere but over the default route. Nothing is sent to it. */
const SOMEWHERE = '192.0.2.1';

/** The address from which this host talks to others; loopback where it talks to none. */
export async function outsideAddress(): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(9, SOMEWHERE);
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    return '127.0.0.1';
  } finally {
    socket.close();
  }
}

/** @returns what is wrong, for people; null = our own ingress answered */
export async function askIngress(address: string, port: number, identity: string): Promise<string | null> {
  const place = `port ${port} of ${address}`;
  try {
    const answer = await get(address, port);
    return answer.trim() === identity ? null : `${place} is answered by another program`;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ECONNREFUSED') return `${place} is not open`;
    if (error instanceof Error && error.name === 'AbortError')
      return `${place} does not answer within ${TIMEOUT_MS / 1_000} s: it hangs, or a firewall drops it`;
    return `${place} does not answer as HTTP (${error instanceof Error ? error.message : String(error)})`;
  }
}

function get(address: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const host = isIP(address) === 6 ? `[${address}]` : address;
    const sent = request(
      { host: address, port, path: IDENTITY_PATH, agent: false, signal, headers: { host } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > LONGEST_ANSWER) response.destroy();
        });
        response.on('close', () => resolve(text));
        response.on('error', reject);
      },
    );
    sent.on('error', (error) => reject(signal.aborted ? Object.assign(error, { name: 'AbortError' }) : error));
    sent.end();
  });
}
