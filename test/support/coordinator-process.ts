/**
 * The real coordinator as a process of its own, for tests that kill it: started from source, talked to over its API.
 * The data directory and the port stay the same over restarts.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { HostId } from '../../fleet/ids.ts';
import { audienceOf } from '../../protocol/audience.ts';
import { freePort } from './free-port.ts';
import { pollUntil } from './poll-until.ts';
import { FakeAgent } from './fake-agent.ts';
import type { FakeAgentOptions } from './fake-agent.ts';
import { enrollRequestOf, fakeIdentity } from './fake-identity.ts';

export class CoordinatorProcess {
  readonly directory: string;
  readonly port: number;
  #child: ChildProcess | null = null;
  #output = '';

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
  }

  /** What node runs. */
  program: readonly string[] = ['--import=tsx', 'coordinator/main.ts'];

  /** Added to the environment at each start. */
  environment: Readonly<Record<string, string>> = {};

  /** Not started. */
  static async make(environment: Readonly<Record<string, string>> = {}): Promise<CoordinatorProcess> {
    const made = new CoordinatorProcess(mkdtempSync(path.join(tmpdir(), 'longshore-coordinator-')), await freePort());
    made.environment = environment;
    return made;
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<CoordinatorProcess> {
    const made = await CoordinatorProcess.make(environment);
    await made.start().catch((error: unknown) => {
      rmSync(made.directory, { recursive: true, force: true });
      throw error;
    });
    return made;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** All that it has said, over its starts. */
  get output(): string {
    return this.#output;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it says that it is ready. */
  start(): Promise<void> {
    return this.#startUntil('is ready');
  }

  /** Resolves when it says that it waits for another one's database. */
  startStandby(): Promise<void> {
    return this.#startUntil('this one is a standby');
  }

  /** Resolves when what it says from now on has this in it. */
  untilSaid(text: string): Promise<void> {
    const from = this.#output.length;
    return pollUntil(
      () => Promise.resolve(this.#output.slice(from)),
      (said) => said.includes(text),
      60_000,
    ).then(() => undefined);
  }

  async #startUntil(said: string): Promise<void> {
    const args = [...this.program, '--data-dir', this.directory, '--listen', `127.0.0.1:${this.port}`];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.environment },
    });
    this.#child = child;
    child.stderr.on('data', (data: Buffer) => (this.#output += data.toString()));
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        this.#output += `${line}\n`;
        if (line.includes(said)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`the coordinator ended with ${String(code)}:\n${this.#output}`)));
    });
  }

  /** Stops it where it is, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** Resolves with the exit code when it has ended by itself. */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child?.exitCode !== null) return child?.exitCode ?? null;
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  /** @returns the exit code; null where the signal ended it */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return ended;
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  async call<T>(method: string, route: string, body?: unknown): Promise<T> {
    const token = readFileSync(path.join(this.directory, 'admin-token'), 'utf8').trim();
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const response = await fetch(`${this.url}${route}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Asks again until the answer fits: what is waited for happens in another process. */
  async callUntil<T>(route: string, fits: (answer: T) => boolean): Promise<T> {
    return pollUntil(() => this.call<T>('GET', route), fits, 60_000);
  }

  /** Enrols a host over the API and answers its agent, not connected. */
  async enroll(name: string, options: Partial<FakeAgentOptions> = {}): Promise<FakeAgent> {
    const { token } = await this.call<{ token: string }>('POST', '/v1/enroll-tokens', {});
    const identity = fakeIdentity();
    const request = enrollRequestOf(identity, { token, audience: audienceOf(this.url) ?? '', name });
    const { host } = await this.call<{ host: HostId }>('POST', '/v1/enroll', request);
    return new FakeAgent({ url: this.url.replace('http:', 'ws:'), host, identity, ...options });
  }
}
