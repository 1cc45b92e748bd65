/**
 * Talks to systemd: READY, STATUS, STOPPING and the watchdog. Inert without NOTIFY_SOCKET. Messages follow each other in
 * order; of several status lines that wait only the newest is sent. A failure is told once through `onProblem` and
 * never stops the agent.
 *
 * npm's `systemd-notify` starts the program of the same name, so a bundle or a single executable needs nothing beside
 * it, but systemd must accept messages of a child: `NotifyAccess=all`. The package knows only READY and STATUS; what it
 * lacks (STOPPING, WATCHDOG) is said by starting the same program here with the variable as its argument.
 */
import { spawn } from 'node:child_process';
import { boundedText } from '../fleet/bounded-text.ts';
import { TEXT_LIMITS } from '../fleet/limits.ts';

export interface Notifier {
  /** Microseconds of WatchdogSec as milliseconds; null = systemd does not watch. */
  readonly watchdogMs: number | null;
  ready(status: string): void;
  status(text: string): void;
  stopping(status: string): void;
  /** "I do useful work." */
  alive(): void;
  /** Resolves when what was said has been passed on. */
  flushed(): Promise<void>;
}

export interface NotifierOptions {
  /** The variables that systemd sets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly onProblem: (text: string) => void;
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { NOTIFY_SOCKET: socket } = options.env;
  return socket === undefined || socket === '' ? silentNotifier : new SystemdNotifier(options);
}

export const silentNotifier: Notifier = {
  watchdogMs: null,
  ready: () => undefined,
  status: () => undefined,
  stopping: () => undefined,
  alive: () => undefined,
  flushed: () => Promise.resolve(),
};

/** Null where systemd does not watch, or watches another process. */
export function watchdogMsOf(env: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched } = env;
  if (microseconds === undefined || (watched !== undefined && Number(watched) !== pid)) return null;
  const ms = Number(microseconds) / 1000;
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

class SystemdNotifier implements Notifier {
  readonly watchdogMs: number | null;
  readonly #options: NotifierOptions;
  #work: Promise<void> = Promise.resolve();
  #status = '';
  #statusWaits = false;
  #hasFailed = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.watchdogMs = watchdogMsOf(options.env, options.pid);
  }

  ready(status: string): void {
    const text = oneLine(status);
    this.#status = text;
    this.#then(async () => {
      const { default: notify } = await import('systemd-notify');
      await notify({ ready: true, status: text, pid: this.#options.pid });
    });
  }

  status(text: string): void {
    if (oneLine(text) === this.#status) return;
    this.#status = oneLine(text);
    if (this.#statusWaits) return;
    this.#statusWaits = true;
    this.#then(async () => {
      this.#statusWaits = false;
      const { default: notify } = await import('systemd-notify');
      await notify({ status: this.#status, pid: this.#options.pid });
    });
  }

  stopping(status: string): void {
    this.#status = oneLine(status);
    this.#then(() => this.#say(['STOPPING=1', `STATUS=${this.#status}`]));
  }

  alive(): void {
    this.#then(() => this.#say(['WATCHDOG=1']));
  }

  flushed(): Promise<void> {
    return this.#work;
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#options.onProblem(`notify systemd: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  #say(variables: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const helper = spawn('systemd-notify', [`--pid=${this.#options.pid}`, ...variables], { stdio: 'ignore' });
      helper.on('error', reject);
      helper.on('close', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`systemd-notify ended with ${String(code)}`));
      });
    });
  }
}

function oneLine(text: string): string {
  return boundedText(text, TEXT_LIMITS.status).replaceAll(/[\r\n]+/g, ' ');
}
