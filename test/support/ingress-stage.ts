/**
 * A host's ingress with the real Caddy and real containers behind it, for tests: own host id, own ports, own network
 * with two addresses per service; everything is removed by its label.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { systemClock } from '../../agent/clock.ts';
import { dockerodeProxyContainers } from '../../agent/engine/dockerode-proxy-containers.ts';
import { EngineClient } from '../../agent/engine/engine-client.ts';
import type { CaddyIngress } from '../../agent/ingress/caddy-ingress.ts';
import { createIngress, type IngressOptions } from '../../agent/ingress/create-ingress.ts';
import type { IngressRoute } from '../../fleet/app-spec.ts';
import type { Problem } from '../../fleet/errors.ts';
import type { AppName, HostId } from '../../fleet/ids.ts';
import { removeLabelled } from './engine-cleanup.ts';
import { baseImages } from './engine.ts';
import { freePort } from './free-port.ts';
import { ingressAppProgram } from './ingress-app.ts';

const SOCKET = /^unix:\/\/(.+)/.exec(process.env.DOCKER_HOST ?? '')?.[1] ?? '/var/run/docker.sock';

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly tookMs: number;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly agent?: http.Agent;
  readonly port?: number;
  readonly headers?: http.OutgoingHttpHeaders;
}

export class IngressStage {
  readonly docker: Docker;
  readonly host: HostId;
  readonly folder: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly healthPort: number;
  readonly problems: Problem[] = [];
  /** What the ingress last said of itself; null = it serves. */
  state: Problem | null | undefined = undefined;
  ingress: CaddyIngress;
  #subnet: string;
  #end = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #changes: Partial<IngressOptions>;

  private constructor(
    docker: Docker,
    host: HostId,
    folder: string,
    ports: readonly number[],
    ingress: CaddyIngress,
    changes: Partial<IngressOptions>,
  ) {
    this.docker = docker;
    this.host = host;
    this.folder = folder;
    [this.httpPort, this.httpsPort, this.healthPort] = ports as [number, number, number];
    this.ingress = ingress;
    this.#changes = changes;
    this.#subnet = '';
  }

  static async open(docker: Docker, changes: Partial<IngressOptions> = {}): Promise<IngressStage> {
    const host = `h-${randomBytes(8).toString('hex')}` as HostId;
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ingress-'));
    const ports = [await freePort(), await freePort(), await freePort()];
    const ingress = await createIngress(optionsOf(host, folder, ports, changes));
    const stage = new IngressStage(docker, host, folder, ports, ingress, changes);
    stage.#subnet = await stage.#network();
    stage.#run();
    return stage;
  }

  /** As the agent's end and new start: its sockets close, Caddy stays. */
  async stopAgent(): Promise<void> {
    this.#end.abort();
    await this.ingress.close();
    await this.#running;
  }

  async startAgent(changes: Partial<IngressOptions> = {}): Promise<void> {
    this.#changes = { ...this.#changes, ...changes };
    const ports = [this.httpPort, this.httpsPort, this.healthPort];
    this.#end = new AbortController();
    this.ingress = await createIngress(optionsOf(this.host, this.folder, ports, this.#changes));
    this.#run();
  }

  async close(): Promise<void> {
    await this.stopAgent();
    await removeLabelled(this.docker, `longshore.host=${this.host}`);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** `n` from 2; the same number is the same address. */
  address(n: number): string {
    return `${this.#subnet}.${n}`;
  }

  /** A container of the test app; created, not started. */
  async createApp(name: string, n: number): Promise<Docker.Container> {
    const networkName = `longshore-${this.host}-stage`;
    return this.docker.createContainer({
      name: `longshore-${this.host}-${name}-${n}`,
      Image: baseImages.node,
      Cmd: ['node', '-e', ingressAppProgram],
      Env: [`NAME=${name}`],
      Labels: { 'longshore.host': this.host },
      HostConfig: { NetworkMode: networkName },
      NetworkingConfig: { EndpointsConfig: { [networkName]: { IPAMConfig: { IPv4Address: this.address(n) } } } },
    });
  }

  async startApp(name: string, n: number): Promise<Docker.Container> {
    const container = await this.createApp(name, n);
    await container.start();
    await this.untilServing(n);
    return container;
  }

  /** Asks the container itself, past the ingress. */
  async untilServing(n: number): Promise<void> {
    await until(
      async () => {
        const answer = await fetch(`http://${this.address(n)}:8080/`, { signal: AbortSignal.timeout(500) }).catch(
          () => null,
        );
        await answer?.text();
        return answer?.ok === true;
      },
      `${this.address(n)} to serve`,
    );
  }

  request(host: string, url: string, options: RequestOptions = {}): Promise<Reply> {
    const startedMs = performance.now();
    return new Promise((resolve, reject) => {
      const sent = http.request(
        {
          host: '127.0.0.1',
          port: options.port ?? this.httpPort,
          path: url,
          method: options.method ?? 'GET',
          headers: { host, ...options.headers },
          agent: options.agent ?? false,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString('utf8'),
              tookMs: performance.now() - startedMs,
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(options.body);
    });
  }

  /** Which container answered. */
  async who(host: string, url = '/', options: RequestOptions = {}): Promise<string> {
    const reply = await this.request(host, url, options);
    return reply.status === 200 ? (JSON.parse(reply.body) as { name: string }).name : String(reply.status);
  }

  #run(): void {
    this.#running = this.ingress.run((problem) => {
      this.state = problem;
      if (problem !== null) this.problems.push(problem);
    }, this.#end.signal);
  }

  async #network(): Promise<string> {
    const name = `longshore-${this.host}-stage`;
    const [a = 0, b = 0] = randomBytes(2);
    // A subnet in use is refused by the engine; another one is tried.
    for (let attempt = 0; ; attempt++) {
      const subnet = `10.${200 + ((a + attempt) % 50)}.${b}`;
      try {
        await this.docker.createNetwork({
          Name: name,
          Labels: { 'longshore.host': this.host },
          IPAM: { Driver: 'default', Config: [{ Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }] },
        });
        return subnet;
      } catch (error) {
        if (attempt === 10) throw error;
      }
    }
  }
}

export function route(host: string, changes: Partial<IngressRoute> = {}): IngressRoute {
  return { host, path: '/', port: 8080, tls: 'off', weight: 1, stripPrefix: false, ...changes };
}

export const appName = (name: string): AppName => name as AppName;

/** Awaits a condition that another process brings about. */
export async function until(condition: () => Promise<boolean>, what: string, withinMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await systemClock.sleep(20, AbortSignal.timeout(withinMs));
  }
}

function optionsOf(
  host: HostId,
  folder: string,
  ports: readonly number[],
  changes: Partial<IngressOptions>,
): IngressOptions {
  return {
    host,
    folder,
    containers: dockerodeProxyContainers(new EngineClient(SOCKET), host),
    clock: systemClock,
    random: () => 0.5,
    // To try another version: LONGSHORE_TEST_CADDY_IMAGE=docker.io/library/caddy:2
    images: [process.env.LONGSHORE_TEST_CADDY_IMAGE ?? baseImages.caddy],
    httpPort: ports[0] ?? null,
    httpsPort: ports[1] ?? null,
    healthListen: `127.0.0.1:${ports[2] ?? 0}`,
    ...changes,
  };
}
