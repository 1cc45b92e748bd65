/**
 * A `watch` call: the state now, then every change. It subscribes before it reads the state, so nothing falls between;
 * the same view may come twice, never an older one after a newer. A full socket keeps only the newest view per object,
 * and of events so many; how many more there were is said in their place, so that the reader lists them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ConsoleFrame, ConsoleRequest } from '../../protocol/console.ts';
import { hasEnded } from '../../fleet/deployment.ts';
import { isDeploymentId } from '../../fleet/ids.ts';
import type { Change, Commands } from '../commands.ts';
import { PendingChanges } from './pending-changes.ts';

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
  const { commands, request, signal, send } = options;
  const pending = new PendingChanges();
  let wake: (() => void) | null = null;
  commands.watch((change) => {
    if (!concerns(change, request)) return;
    pending.add(change);
    wake?.();
  }, signal);
  signal.addEventListener('abort', () => wake?.(), { once: true });
  send({ kind: 'watching', id: request.id });
  for await (const change of stateNow(commands, request)) {
    await untilTaken(options);
    if (signal.aborted) return;
    if (!pending.has(change)) send({ ...change, id: request.id });
  }
  while (!signal.aborted) {
    // The reader may be slower than the fleet: views meanwhile fold into the newest.
    await untilTaken(options);
    const next = pending.take();
    if (next !== null) {
      send({ ...next, id: request.id });
      continue;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    wake = null;
  }
}

/** Resolves when the socket has room, or at abort. */
async function untilTaken({ buffered, signal }: WatchOptions): Promise<void> {
  while (!signal.aborted && buffered() > BUFFER_LIMIT_BYTES)
    await pause(DRAIN_POLL_MS, undefined, { signal }).catch(() => undefined);
}

async function* stateNow(commands: Commands, request: WatchOptions['request']): AsyncGenerator<Change> {
  const query = request.app === null ? {} : { app: request.app };
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Commands['listHosts']>> = await commands.listHosts({
      limit: 500,
      ...query,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const host of page.items) yield { kind: 'host', host };
    cursor = page.next;
  } while (cursor !== null);
  if (request.deployment !== null) {
    if (isDeploymentId(request.deployment))
      yield { kind: 'deployment', deployment: await commands.getDeployment(request.deployment) };
    return;
  }
  for (const deployment of [...(await commands.listDeployments({ limit: 20, ...query })).items].reverse()) {
    // A list has no steps: of one under way the reader shows its hosts.
    const whole = hasEnded(deployment.state) ? deployment : await commands.getDeployment(deployment.id);
    yield { kind: 'deployment', deployment: whole };
  }
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
