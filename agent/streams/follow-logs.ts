/**
 * Sends the logs of all instances that a request means. While following it also finds instances that come later (a
 * deployment replaces them), so that `logs -f` goes on over releases. Each part names its instance.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import type { Clock } from '../clock.ts';
import type { ContainerEngine, ContainerObservation } from '../engine/container-engine.ts';
import { describeTarget, logSources } from './stream-target.ts';
import type { StreamSender } from './stream-sender.ts';

/** How soon a new instance is found while somebody follows. */
const LOOK_MS = 1_000;

/** @throws NOT_FOUND where no instance matches */
export async function followLogs(
  engine: ContainerEngine,
  clock: Clock,
  request: CoordinatorMessageOf<'stream-open'>,
  sender: StreamSender,
  signal: AbortSignal,
): Promise<void> {
  const { target, follow } = request;
  const read = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const isOpenEnded = follow && target.instance === null;
  let isFirstLook = true;
  while (!signal.aborted) {
    const sources = logSources(target, (await engine.observe(signal)).containers);
    if (sources.length === 0 && read.size === 0) {
      throw new LongshoreError('NOT_FOUND', `logs of ${describeTarget(target)}: this host has no such instance`);
    }
    for (const source of sources.filter(({ instance }) => !read.has(instance))) {
      // An instance that came while we followed is read from its beginning; `tail` and `since` are about the past.
      const range = isFirstLook ? { tail: request.tail, sinceMs: request.sinceMs } : { tail: null, sinceMs: null };
      const reading = readOne(engine, source, { ...range, follow }, sender, signal);
      read.set(
        source.instance,
        reading.catch((error: unknown) => void failures.push(error)),
      );
      // Without following, one after the other keeps each instance's lines together.
      if (!follow) await read.get(source.instance);
    }
    isFirstLook = false;
    if (!isOpenEnded) break;
    await clock.sleep(LOOK_MS, signal);
  }
  await Promise.all(read.values());
  if (failures.length > 0 && !signal.aborted) throw failures[0];
}

async function readOne(
  engine: ContainerEngine,
  source: ContainerObservation,
  options: { readonly follow: boolean; readonly tail: number | null; readonly sinceMs: number | null },
  sender: StreamSender,
  signal: AbortSignal,
): Promise<void> {
  const from = { service: `${source.service}-${source.replica}`, instance: source.instance };
  await engine.readLogs(source.instance, options, (fd, data) => sender.send(fd, data, from), signal);
}
