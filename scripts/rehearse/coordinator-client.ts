/** What the coordinator of the rehearsed fleet says of its hosts, over its own certificate. */
import { Agent, fetch } from 'undici';

export interface SeenHost {
  readonly id: string;
  readonly name: string;
  readonly pool: string | null;
  readonly connected: boolean;
  readonly converged: boolean;
  readonly waiting: string | null;
  readonly apps: readonly { readonly app: string; readonly target: number | null }[];
}

export class CoordinatorClient {
  readonly #url: string;
  readonly #token: string;
  readonly #dispatcher: Agent;

  constructor(url: string, token: string, root: string) {
    this.#url = url;
    this.#token = token;
    this.#dispatcher = new Agent({ connect: { ca: root } });
  }

  async hosts(): Promise<readonly SeenHost[]> {
    const answer = await fetch(new URL('/v1/hosts', this.#url), {
      dispatcher: this.#dispatcher,
      headers: { authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(5_000),
    });
    if (!answer.ok) throw new Error(`GET /v1/hosts: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
    return ((await answer.json()) as { readonly items: readonly SeenHost[] }).items;
  }
}

/** Talks, and runs what it should, the app among it. */
export function runsApp(host: SeenHost, app: string): boolean {
  return host.connected && host.converged && host.apps.some((one) => one.app === app && one.target !== null);
}

/** For messages. */
export function describeHosts(hosts: readonly SeenHost[]): string {
  if (hosts.length === 0) return 'no hosts';
  return hosts
    .map((host) => {
      const apps = host.apps.map(({ app }) => app).join(' ') || 'no app';
      return `${host.name}: ${host.connected ? 'connected' : 'away'}, ${host.waiting ?? 'converged'}, ${apps}`;
    })
    .join('; ');
}
