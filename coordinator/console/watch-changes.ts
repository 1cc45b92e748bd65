/**
 * A `watch` call: the state now, then every change. It subscribes before it reads the state, so nothing falls between;
 * the same view may come twice, never an older one after a newer. A full socket keeps only the newest view per object.
 */
import type { ConsoleFrame, ConsoleRequest } from '../../protocol/console.ts';
import { isDeploymentId } from '../../fleet/ids.ts';
import type { Change, Commands } from '../commands.ts';

export interface WatchOptions {
  readonly commands: Commands;
  readonly request: Extract<ConsoleRequest, { kind: 'watch' }>;
  readonly send: (frame: ConsoleFrame) => void;
  readonly buffered: () => number;
  readonly signal: AbortSignal;
}

const BUFFER_LIMIT_BYTES = 1024 * 1024;
const DRAIN_POLL_MS = 50;

export async function watchChanges(options: WatchOptions): Promise<void> {
  const { commands, request, signal } = options;
  const pending = new Map<string, Change>();
  let wake: (() => void) | null = null;
  commands.watch((change) => {
    if (!concerns(change, request)) return;
    const key = keyOf(change);
    pending.delete(key);
    pending.set(key, change);
    wake?.();
  }, signal);
  signal.addEventListener('abort', () => wake?.(), { once: true });
  for (const change of await stateNow(commands, request))
    if (!pending.has(keyOf(change))) options.send(toFrame(request.id, change));
  while (!signal.aborted) {
    if (options.buffered() > BUFFER_LIMIT_BYTES) {
      // The reader is slower than the fleet: wait for its socket, views meanwhile fold into the newest.
      await pause(DRAIN_POLL_MS, signal);
      continue;
    }
    const first = pending.entries().next();
    if (first.done) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
      continue;
    }
    pending.delete(first.value[0]);
    options.send(toFrame(request.id, first.value[1]));
  }
}

async function stateNow(commands: Commands, request: WatchOptions['request']): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const query = request.app === null ? {} : { app: request.app };
  for (const host of (await commands.listHosts({ limit: 500, ...query })).items) changes.push({ kind: 'host', host });
  if (request.deployment !== null) {
    if (isDeploymentId(request.deployment))
      changes.push({ kind: 'deployment', deployment: await commands.getDeployment(request.deployment) });
  } else {
    for (const deployment of [...(await commands.listDeployments({ limit: 20, ...query })).items].reverse())
      changes.push({ kind: 'deployment', deployment });
  }
  return changes;
}

function concerns(change: Change, request: WatchOptions['request']): boolean {
  switch (change.kind) {
    case 'host':
    case 'host-gone':
      return true;
    case 'deployment':
      return request.deployment === null
        ? request.app === null || change.deployment.app === request.app
        : change.deployment.id === request.deployment;
    case 'event':
      return request.deployment === null
        ? request.app === null || change.event.app === request.app
        : change.event.deployment === request.deployment;
  }
}

function keyOf(change: Change): string {
  switch (change.kind) {
    case 'host':
      return `host ${change.host.id}`;
    case 'host-gone':
      return `host ${change.host}`;
    case 'deployment':
      return `deployment ${change.deployment.id}`;
    case 'event':
      return `event ${change.event.number}`;
  }
}

function toFrame(id: string, change: Change): ConsoleFrame {
  return { ...change, id };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
