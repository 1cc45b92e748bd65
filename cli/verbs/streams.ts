/** `logs` and `exec`: streams over the console socket. */
import type { Command } from 'commander';
import { LongshoreError } from '../../fleet/errors.ts';
import { plainJson, plainText } from '../../protocol/text/plain-text.ts';
import { STREAM_WINDOW_BYTES } from '../../protocol/version.ts';
import type { CallFrame, ConsoleClient } from '../client/console-client.ts';
import type { Context } from '../context.ts';
import { parseCountOption, parseDurationOption } from '../duration-option.ts';
import { paint } from '../terminal.ts';
import type { Color } from '../terminal.ts';
import type { RunVerb } from '../verb.ts';
import { LineSplitter } from '../line-splitter.ts';
import { appArgument } from '../app-argument.ts';

interface LogOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly since?: number;
  readonly host?: string;
  readonly raw?: boolean;
}

interface ExecOptions {
  readonly host?: string;
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly interactive?: boolean;
}

export function registerStreams(program: Command, run: RunVerb): void {
  program
    .command('logs')
    .description('Output of an app, from every host at once')
    .argument('<app>')
    .argument('[service]')
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('-n, --tail <lines>', 'so many lines of each instance', parseCountOption, 100)
    .option('--since <duration>', 'only the last 10m, 1h ...', parseDurationOption)
    .option('--host <host>', 'only this host')
    .option('--raw', 'lines as they are, with their colours and control characters')
    .action(run(logs));
  program
    .command('exec')
    .description('Run a command inside an instance; put -- before it')
    .argument('<app>')
    .argument('<service>')
    .argument('<command...>')
    .option('--host <host>', 'on this host (default: any that runs it)')
    .option('-n, --no-stdin', 'read nothing from standard input, as in a `while read` loop')
    .option('-i, --interactive', 'read standard input (the default)')
    .option('-T, --no-tty', 'no terminal even if there is one')
    .action(run(exec));
}

const COLORS: readonly Color[] = ['cyan', 'green', 'yellow', 'blue', 'red'];

async function logs(context: Context, app: string, service: string | undefined, options: LogOptions): Promise<number> {
  const client = await openWithAbort(context);
  const splitters = new Map<string, OpenLog>();
  const call = client.call(
    {
      kind: 'logs',
      app: appArgument(app),
      service: service ?? null,
      host: options.host ?? null,
      follow: options.follow === true,
      tail: options.tail ?? null,
      sinceMs: options.since === undefined ? null : context.now() - options.since,
    },
    (frame) => {
      if (frame.kind !== 'chunk' || frame.source === null) return;
      const log = openLog(splitters, frame.source, frame.fd);
      for (const line of log.splitter.lines(Buffer.from(frame.data, 'base64')))
        showLogLine(context, log, line, options.raw === true);
    },
  );
  try {
    return await call.finished;
  } catch (error) {
    if (context.signal.aborted) return 0;
    throw error;
  } finally {
    for (const log of splitters.values()) {
      const rest = log.splitter.rest();
      if (rest !== '') showLogLine(context, log, rest, options.raw === true);
    }
    client.close();
  }
}

type LogSource = NonNullable<Extract<CallFrame, { kind: 'chunk' }>['source']>;

/** One output of one instance; its lines may come in pieces. */
interface OpenLog {
  readonly source: LogSource;
  readonly fd: number;
  readonly splitter: LineSplitter;
}

function openLog(logs: Map<string, OpenLog>, source: LogSource, fd: number): OpenLog {
  const key = `${source.host} ${source.instance} ${fd}`;
  const found = logs.get(key) ?? { source, fd, splitter: new LineSplitter() };
  logs.set(key, found);
  return found;
}

function showLogLine(context: Context, { source, fd }: OpenLog, line: string, raw: boolean): void {
  if (context.json) {
    context.terminal.out(plainJson({ ...source, stream: fd === 2 ? 'stderr' : 'stdout', line }));
    return;
  }
  const color = COLORS[Array.from(source.instance).reduce((sum, char) => sum + char.charCodeAt(0), 0) % COLORS.length];
  const name = paint(`${source.host}/${source.service}`, color ?? 'cyan', context.terminal.color);
  if (raw) context.terminal.raw(`${name} | ${line}`);
  else context.terminal.out(`${name} | ${plainText(line)}`);
}

async function exec(
  context: Context,
  app: string,
  service: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const { stdin, stdout, stderr } = context.terminal.streams;
  const readsInput = options.stdin !== false;
  if (!readsInput && options.interactive === true)
    throw new LongshoreError('INPUT_INVALID', 'exec: -i and -n exclude each other', { hint: 'Give one of the two.' });
  const tty = readsInput && options.tty !== false && stdin.isTTY === true && stdout.isTTY === true;
  const client = await openWithAbort(context);
  const size = (): { columns: number; rows: number } => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 });
  let underWayBytes = 0;
  const call = client.call(
    {
      kind: 'exec',
      app: appArgument(app),
      service,
      host: options.host ?? null,
      command: [...command],
      tty,
      size: tty ? size() : null,
    },
    (frame) => {
      if (frame.kind === 'chunk') (frame.fd === 2 ? stderr : stdout).write(Buffer.from(frame.data, 'base64'));
      if (frame.kind !== 'credit') return;
      underWayBytes -= frame.bytes;
      if (readsInput && underWayBytes < STREAM_WINDOW_BYTES && stdin.isPaused()) stdin.resume();
    },
  );
  const onData = (data: Buffer): void => {
    call.send({ kind: 'input', data: data.toString('base64') });
    underWayBytes += data.length;
    // What the command has not taken waits in its pipe, not in the coordinator.
    if (underWayBytes >= STREAM_WINDOW_BYTES) stdin.pause();
  };
  const onEnd = (): void => call.send({ kind: 'input-end' });
  const onResize = (): void => call.send({ kind: 'resize', ...size() });
  if (tty) stdin.setRawMode?.(true);
  if (readsInput) stdin.on('data', onData).on('end', onEnd);
  else onEnd();
  if (tty) stdout.on('resize', onResize);
  try {
    return await call.finished;
  } catch (error) {
    if (error instanceof LongshoreError || !context.signal.aborted) throw error;
    return 130;
  } finally {
    if (readsInput) stdin.off('data', onData).off('end', onEnd).pause();
    stdout.off('resize', onResize);
    if (tty) stdin.setRawMode?.(false);
    client.close();
  }
}

async function openWithAbort(context: Context): Promise<ConsoleClient> {
  const client = await context.openConsole();
  context.signal.addEventListener('abort', () => client.close(), { once: true });
  return client;
}
