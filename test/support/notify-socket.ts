/**
 * systemd's side of the notification socket. Node cannot open a unix datagram socket, so a few lines of perl (part of
 * every Debian) hold it and print what comes. Tests skip, with the reason, where perl or the helper program is missing.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const RECEIVER = `
use strict; use IO::Socket::UNIX; use Socket; $| = 1;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "listen: $!";
print "listening\\n";
while (defined $socket->recv(my $text, 65536)) { $text =~ s/\\n/ /g; print "$text\\n"; }
`;

/** Why there can be no such test here; false = there can. */
export function whyNoNotifySocket(): string | false {
  for (const [program, ...args] of [
    ['perl', '-MIO::Socket::UNIX', '-e', '1'],
    ['systemd-notify', '--version'],
  ] as const) {
    if (spawnSync(program, args, { stdio: 'ignore' }).status !== 0) return `${program} is not on this machine`;
  }
  return false;
}

export class NotifySocket {
  readonly #receiver: ChildProcess;
  readonly #folder: string;
  readonly path: string;
  /** Datagrams in order, each on one line. */
  readonly received: string[] = [];
  #waiters: (() => void)[] = [];

  private constructor(receiver: ChildProcess, folder: string, socket: string) {
    this.#receiver = receiver;
    this.#folder = folder;
    this.path = socket;
    let rest = '';
    receiver.stdout?.on('data', (data: Buffer) => {
      const lines = (rest + data.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      this.received.push(...lines.map((line) => line.trim()));
      for (const wake of this.#waiters.splice(0)) wake();
    });
  }

  static async listen(): Promise<NotifySocket> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'longshore-notify-'));
    const socket = path.join(folder, 'notify');
    const receiver = spawn('perl', ['-e', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    const notify = new NotifySocket(receiver, folder, socket);
    await notify.until((line) => line === 'listening');
    notify.received.splice(0);
    return notify;
  }

  /** The first datagram that matches, waited for. */
  async until(matches: (line: string) => boolean, limitMs = 10_000): Promise<string> {
    const limit = AbortSignal.timeout(limitMs);
    for (;;) {
      const found = this.received.find(matches);
      if (found !== undefined) return found;
      if (limit.aborted) throw new Error(`not said within ${limitMs} ms; there was: ${this.received.join(' | ')}`);
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
        limit.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#receiver.once('exit', resolve));
    this.#receiver.kill();
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
