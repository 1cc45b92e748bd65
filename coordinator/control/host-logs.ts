/**
 * The logs of one app from several hosts as one stream. The end of one host is no end of the others: it is a line of the
 * stream, and who follows hears the host again when its agent is back (agents renew their connections now and then).
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { AppName } from '../../fleet/ids.ts';
import type { StreamSink } from '../commands.ts';
import type { ChangesPort, HubPort } from '../ports.ts';
import type { HostRow } from '../store/records.ts';

export interface HostLogsOptions {
  readonly hub: Pick<HubPort, 'logs' | 'live'>;
  readonly changes: ChangesPort;
  /** Wall clock, ms. */
  readonly now: () => number;
}

export interface LogRequest {
  readonly app: AppName;
  readonly service: string | null;
  readonly follow: boolean;
  readonly tail: number | null;
  readonly sinceMs: number | null;
}

/** Where a line of our own stands in the place of a service. */
const NOTE = 'longshore';

/** Resolves when all hosts have ended. @throws the first failure where every host failed */
export async function logsOfHosts(
  options: HostLogsOptions,
  hosts: readonly HostRow[],
  request: LogRequest,
  sink: StreamSink,
  signal: AbortSignal,
): Promise<void> {
  const isAlone = hosts.length === 1;
  const failures = await Promise.all(hosts.map((host) => logsOfHost(options, host, isAlone, request, sink, signal)));
  const [first] = failures;
  if (first != null && failures.every((failure) => failure !== null) && !signal.aborted) throw first;
}

/** @returns why the host's logs ended before their end; null = they did not */
async function logsOfHost(
  options: HostLogsOptions,
  host: HostRow,
  isAlone: boolean,
  request: LogRequest,
  sink: StreamSink,
  signal: AbortSignal,
): Promise<LongshoreError | null> {
  const { app, service, follow } = request;
  const target = { app, service, instance: null };
  const note = (text: string): Promise<void> =>
    sink.chunk({ host: host.name, service: NOTE, instance: '' }, 2, Buffer.from(`${text}\n`, 'utf8'));
  let range = { follow, tail: request.tail, sinceMs: request.sinceMs };
  for (;;) {
    try {
      await options.hub.logs(host.id, target, range, sink, signal);
      return null;
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      if (signal.aborted) return null;
      const willBeBack = follow && error.code === 'HOST_OFFLINE';
      if (!willBeBack) {
        if (!isAlone) await note(`the logs of this host have ended: ${error.problem.message}`);
        return error;
      }
    }
    range = { follow, tail: null, sinceMs: options.now() };
    await note('its agent is not connected; what it says comes again when it is');
    if (!(await isBack(options, host, signal))) return null;
    await note('its agent is connected again; lines of the time between may be missing or come twice');
  }
}

/** @returns false where the reader left, or the host was removed */
function isBack({ hub, changes }: HostLogsOptions, host: HostRow, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const heard = new AbortController();
    const end = (answer: boolean): void => {
      signal.removeEventListener('abort', left);
      heard.abort();
      resolve(answer);
    };
    const left = (): void => end(false);
    const look = (): void => {
      if (hub.live(host.id)?.connected === true) end(true);
    };
    signal.addEventListener('abort', left, { once: true });
    changes.subscribe((change) => {
      if (change.kind === 'host-gone' && change.host === host.id) end(false);
      else if (change.kind === 'host') look();
    }, heard.signal);
    if (signal.aborted) left();
    else look();
  });
}
