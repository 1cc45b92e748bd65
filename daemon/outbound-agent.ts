/**
 * The `agent` option of a request that leaves this machine: through the proxy that the environment names, or none. What
 * stays on the machine (containers, Caddy, the Docker Engine, the metadata server) does not come here.
 */
import type { Agent } from 'node:http';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { proxyFor, type Variables } from './proxy-for.ts';

/** @returns false = a connection of its own, without a proxy */
export function outboundAgent(target: string | URL, variables: Variables = process.env): Agent | false {
  const url = new URL(target);
  const choice = proxyFor(url, variables);
  switch (choice.kind) {
    case 'direct':
      return false;
    case 'proxy':
      // A websocket needs a tunnel also where it is plain.
      return url.protocol === 'http:' ? new HttpProxyAgent(choice.url) : new HttpsProxyAgent(choice.url);
    case 'invalid':
      return new RefusingAgent(choice.reason);
  }
}

/** The request fails with the reason, like one whose server is away. */
class RefusingAgent extends HttpsProxyAgent<string> {
  readonly #reason: string;

  constructor(reason: string) {
    super('http://placeholder.invalid');
    this.#reason = reason;
  }

  override connect(): Promise<never> {
    return Promise.reject(new Error(this.#reason));
  }
}
