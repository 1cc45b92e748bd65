/** The ingress port in memory: remembers what it was told, and can hold requests open or refuse. */
import type { AppName } from '../../fleet/ids.ts';
import type { Ingress, IngressApp, Upstreams } from '../../agent/ingress/ingress.ts';

export class FakeIngress implements Ingress {
  apps: readonly IngressApp[] = [];
  upstreams: Upstreams = {};
  ready: readonly AppName[] = [];
  readonly active = new Map<string, number>();
  readonly published: Upstreams[] = [];
  configurations = 0;
  failure: Error | null = null;
  /** `setReady` waits for it. */
  readying: Promise<unknown> = Promise.resolve();

  async configure(apps: readonly IngressApp[]): Promise<void> {
    this.#refuse();
    this.apps = apps;
    this.configurations += 1;
  }

  async publish(upstreams: Upstreams): Promise<void> {
    this.#refuse();
    this.upstreams = upstreams;
    this.published.push(upstreams);
  }

  async activeRequests(address: string): Promise<number | null> {
    return this.active.get(address) ?? 0;
  }

  async setReady(apps: readonly AppName[]): Promise<void> {
    this.#refuse();
    await this.readying;
    this.ready = apps;
  }

  #refuse(): void {
    if (this.failure !== null) throw this.failure;
  }
}
