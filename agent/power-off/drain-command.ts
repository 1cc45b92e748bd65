/**
 * `longshore-agent drain --timeout SECONDS`: asks the agent that runs on this machine to drain it, and waits. For the
 * unit that runs before a power-off. Ends well also where the coordinator is away; only an agent that does not answer
 * is a failure.
 */
import net from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { LongshoreError } from '../../fleet/errors.ts';
import { CONTROL_SOCKET } from './control-socket.ts';
import type { Drained } from './power-off.ts';

/** Beyond the time that was asked for: the agent's own last looks. */
const PATIENCE_MS = 10_000;
const DEFAULT_SECONDS = 80;

const replySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('drained'), drained: z.object({ noted: z.boolean(), left: z.number().nullable() }) }),
  z.object({ kind: z.literal('refused'), reason: z.string() }),
]);

export interface DrainArguments {
  readonly timeoutMs: number;
  /** The rest: flags that say which agent. */
  readonly others: readonly string[];
}

/** @throws INPUT_INVALID */
export function drainArguments(args: readonly string[]): DrainArguments {
  const { tokens } = parseArgs({
    args: [...args],
    options: { timeout: { type: 'string' }, config: { type: 'string', short: 'c' }, 'data-dir': { type: 'string' } },
    strict: false,
    tokens: true,
  });
  let seconds = String(DEFAULT_SECONDS);
  const others: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option' && token.name === 'timeout') seconds = token.value ?? '';
    else if (token.kind === 'option')
      others.push(token.value === undefined ? token.rawName : `--${token.name}=${token.value}`);
    else if (token.kind === 'positional') others.push(token.value);
  }
  if (!/^\d{1,4}$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > 3_600)
    throw new LongshoreError('INPUT_INVALID', `drain: --timeout ${seconds} is not a number of seconds from 1 to 3600`);
  return { timeoutMs: Number(seconds) * 1_000, others };
}

/** @throws UNREACHABLE where no agent answers */
export async function askToDrain(dataDir: string, timeoutMs: number): Promise<Drained> {
  const file = path.join(dataDir, CONTROL_SOCKET);
  const reply = replySchema.safeParse(await ask(file, { command: 'drain', timeoutMs }, timeoutMs + PATIENCE_MS));
  if (!reply.success) throw noAgent(file, 'it answered something else than an agent');
  if (reply.data.kind === 'refused') throw noAgent(file, reply.data.reason);
  return reply.data.drained;
}

export function renderDrained({ noted, left }: Drained): string {
  const told = noted ? 'the coordinator knows' : 'the coordinator is away and was not told';
  const rest =
    left === null
      ? 'the proxy did not say whether requests are under way'
      : left === 0
        ? 'no request is under way'
        : `${left} requests are still under way`;
  return `drained: ${told}; ${rest}`;
}

function ask(file: string, request: unknown, mostMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(file);
    socket.setTimeout(mostMs, () => socket.destroy(new Error('no answer in time')));
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', (error) => reject(noAgent(file, error.message)));
    socket.on('end', () => {
      try {
        resolve(JSON.parse(text));
      } catch {
        reject(noAgent(file, 'the agent ended before it had answered'));
      }
    });
  });
}

function noAgent(file: string, reason: string): LongshoreError {
  return new LongshoreError('UNREACHABLE', `drain: no agent answers at ${file}: ${reason}`, {
    hint: 'Look at `systemctl status longshore-agent`; --data-dir or --config says which agent is meant.',
  });
}
