/**
 * The agent's local control: a socket file of its data directory that only its own user may open (0600). One request a
 * connection, one JSON line each way: `drain` and, for `re-enrol`, `restart`.
 */
import { chmod, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../durable-file.ts';
import type { Log } from '../log.ts';
import type { Drained } from './power-off.ts';

export const CONTROL_SOCKET = 'control.sock';
/** What the kernel takes as the path of a socket, with its end. */
const LONGEST_PATH = 107;
const LONGEST_LINE = 4_096;

export const controlRequestSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('drain'), timeoutMs: z.number().int().positive().max(3_600_000) }),
  z.strictObject({ command: z.literal('restart') }),
]);

export type ControlReply =
  | { readonly kind: 'drained'; readonly drained: Drained }
  | { readonly kind: 'restarting' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface ControlOptions {
  readonly dataDir: string;
  readonly drain: (timeoutMs: number) => Promise<Drained>;
  /** The process ends cleanly and begins anew. */
  readonly restart: () => void;
  readonly log: Log;
}

export interface ControlSocket {
  close(): Promise<void>;
}

/** Null, with a warning, where there can be no socket: an agent without it works, and `drain` says what is missing. */
export async function listenForControl(options: ControlOptions): Promise<ControlSocket | null> {
  const { dataDir, log } = options;
  const file = path.join(dataDir, CONTROL_SOCKET);
  if (Buffer.byteLength(file) > LONGEST_PATH) {
    log.warn(`no local control: ${file} is longer than the ${LONGEST_PATH} characters that a socket may have`);
    return null;
  }
  const server = net.createServer((socket) => serve(socket, options));
  try {
    // One that a killed agent left: the data directory is locked, so nobody listens there.
    await rm(file, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(file, resolve);
    });
    // A connection that cannot be taken (no file handles are left) is no reason to end the agent.
    server.on('error', (error) => log.warn(`local control at ${file}: ${errnoOf(error) ?? String(error)}`));
    await chmod(file, 0o600);
  } catch (error) {
    log.warn(`no local control at ${file}: ${errnoOf(error) ?? String(error)}`);
    server.close();
    return null;
  }
  return { close: () => closed(server, file) };
}

function serve(socket: net.Socket, { drain, restart }: Pick<ControlOptions, 'drain' | 'restart'>): void {
  let text = '';
  let isTaken = false;
  const answer = (reply: ControlReply): void => void socket.end(`${JSON.stringify(reply)}\n`);
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    if (isTaken) return;
    text += chunk;
    const end = text.indexOf('\n');
    if (end === -1 && text.length <= LONGEST_LINE) return;
    isTaken = true;
    const request = controlRequestSchema.safeParse(jsonOf(text.slice(0, end)));
    if (!request.success) {
      answer({ kind: 'refused', reason: 'unknown request' });
      return;
    }
    if (request.data.command === 'restart') {
      answer({ kind: 'restarting' });
      restart();
      return;
    }
    drain(request.data.timeoutMs).then(
      (drained) => answer({ kind: 'drained', drained }),
      (error: unknown) => answer({ kind: 'refused', reason: error instanceof Error ? error.message : String(error) }),
    );
  });
}

async function closed(server: net.Server, file: string): Promise<void> {
  server.close();
  // It may have become read-only since; the next agent takes the file away, or says that it cannot.
  await rm(file, { force: true }).catch(() => undefined);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
