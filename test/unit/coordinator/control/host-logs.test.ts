import t from 'tap';
import { Changes } from '../../../../coordinator/changes.ts';
import type { Change } from '../../../../coordinator/commands.ts';
import { logsOfHosts, type HostLogsOptions } from '../../../../coordinator/control/host-logs.ts';
import type { HubPort } from '../../../../coordinator/ports.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import type { HostId } from '../../../../fleet/ids.ts';
import { appName } from '../../../support/app-builders.ts';
import { aHostRow } from '../../../support/host-rows.ts';
import { aLiveHost } from '../../../support/live-host.ts';
import { pollUntil } from '../../../support/poll-until.ts';

const east = aHostRow(1, { name: 'east' });
const west = aHostRow(2, { name: 'west' });
const offline = new LongshoreError('HOST_OFFLINE', 'read logs of web: west is not connected');
const all = { app: appName('web'), service: null, follow: true, tail: 5, sinceMs: null };

interface Stage {
  readonly options: HostLogsOptions;
  readonly connected: Set<HostId>;
  readonly asked: string[];
  readonly lines: string[];
  readonly sink: Parameters<HubPort['logs']>[3];
  publish(change: Change): void;
}

function stage(logs: (host: HostId, turn: number, signal: AbortSignal) => Promise<void>): Stage {
  const connected = new Set<HostId>([east.id, west.id]);
  const asked: string[] = [];
  const lines: string[] = [];
  const changes = new Changes((error) => {
    throw error;
  });
  return {
    connected,
    asked,
    lines,
    publish: (change) => changes.publish(change),
    sink: {
      chunk: async (source, _fd, data) => void lines.push(`${source?.host ?? ''}: ${Buffer.from(data).toString()}`),
    },
    options: {
      changes,
      now: () => 7_000,
      hub: {
        live: (host) => aLiveHost({ connected: connected.has(host) }),
        logs: (host, _target, { tail, sinceMs }, _sink, signal) => {
          const turn = asked.filter((each) => each.startsWith(host)).length;
          asked.push(`${host} ${String(tail)} ${String(sinceMs)}`);
          return logs(host, turn, signal);
        },
      },
    },
  };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
const aHostChange = { kind: 'host', host: {} } as unknown as Change;

t.test(
  'logs of hosts: one host that drops ends nothing of the others, and is heard again when it is back',
  async (t) => {
    const stop = new AbortController();
    const it = stage(async (host, turn, signal) => {
      if (host === west.id && turn === 0) {
        it.connected.delete(west.id);
        throw offline;
      }
      await untilAborted(signal);
    });
    let isOver = false;
    const reading = logsOfHosts(it.options, [east, west], all, it.sink, stop.signal).finally(() => (isOver = true));
    await pollUntil(
      async () => it.lines,
      (lines) => lines.length === 1,
    );
    t.match(it.lines, ['west: its agent is not connected']);
    it.publish(aHostChange);
    t.equal(it.asked.length, 2, 'another change is not its return');

    it.connected.add(west.id);
    it.publish(aHostChange);
    await pollUntil(
      async () => it.asked,
      (asked) => asked.length === 3,
    );
    t.equal(it.asked[2], `${west.id} null 7000`, 'from when it was lost');
    t.match(it.lines[1], 'west: its agent is connected again');
    t.notOk(isOver);
    stop.abort();
    await reading;
  },
);

t.test('logs of hosts: a host that is removed, or a reader who leaves, ends the waiting', async (t) => {
  const gone = stage(async () => {
    gone.connected.clear();
    throw offline;
  });
  const reading = logsOfHosts(gone.options, [west], all, gone.sink, new AbortController().signal);
  await pollUntil(
    async () => gone.lines.length,
    (count) => count === 1,
  );
  gone.publish({ kind: 'host-gone', host: east.id });
  gone.publish({ kind: 'host-gone', host: west.id });
  await reading;

  const stop = new AbortController();
  const left = stage(async () => {
    left.connected.clear();
    throw offline;
  });
  const waiting = logsOfHosts(left.options, [west], all, left.sink, stop.signal);
  await pollUntil(
    async () => left.lines.length,
    (count) => count === 1,
  );
  stop.abort();
  await waiting;
  t.equal(left.asked.length, 1);
});

t.test('logs of hosts: without following a failed host is a note, and all failed is the failure', async (t) => {
  const once = { ...all, follow: false };
  const never = new AbortController().signal;
  const some = stage(async (host) => {
    if (host === west.id) throw offline;
  });
  await logsOfHosts(some.options, [east, west], once, some.sink, never);
  t.match(some.lines, ['west: the logs of this host have ended: read logs of web: west is not connected']);

  const none = stage(async () => {
    throw offline;
  });
  await t.rejects(logsOfHosts(none.options, [east, west], once, none.sink, never), { code: 'HOST_OFFLINE' });
  const alone = stage(async () => {
    throw offline;
  });
  await t.rejects(logsOfHosts(alone.options, [west], once, alone.sink, never), { code: 'HOST_OFFLINE' });
  t.same(alone.lines, [], 'the failure says it');
});
