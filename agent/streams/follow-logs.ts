/**
 * Sends the logs of all instances that a request means. While following it also finds instances that come later (a
 * deployment replaces them) and new runs of one that was read (the engine's follow ends with a run), so that `logs -f`
 * goes on over releases and through a crash loop. Each part names its instance.
 */
import { LongshoreError } from '../../fleet/errors.ts';
import type { CoordinatorMessageOf } from '../../protocol/agent-messages.ts';
import type { Clock } from '../clock.ts';
import type { ContainerEngine, ContainerObservation } from '../engine/container-engine.ts';
import { describeTarget, logSources } from './stream-target.ts';
import type { StreamSender } from './stream-sender.ts';

/** How soon a new instance or run is found while somebody follows. */
const LOOK_MS = 1_000;

type Range = Parameters<ContainerEngine['readLogs']>[1];

/** What was read of one instance. */
interface Reading {
  /** The newest run that was there when it was opened. */
  startedAtMs: number | null;
  isOver: boolean;
  /** Where the next one goes on. */
  next: Range;
  done: Promise<void>;
}

/** @throws NOT_FOUND where no instance matches */
export async function followLogs(
  engine: ContainerEngine,
  clock: Clock,
  request: CoordinatorMessageOf<'stream-open'>,
  sender: StreamSender,
  signal: AbortSignal,
): Promise<void> {
  const { target, follow } = request;
  const readings = new Map<string, Reading>();
  const failures: unknown[] = [];
  const isOpenEnded = follow && target.instance === null;
  // An instance that came while we followed is read from its beginning; `tail` and `since` are about the past.
  let range: Range = { follow, tail: request.tail, sinceMs: request.sinceMs };

  const open = (source: ContainerObservation, from: Range): Reading => {
    // Where no line comes, whatever comes later is new: nothing of the past is told then that was not asked for.
    const opened: Range = { follow, tail: null, sinceMs: clock.now().wallMs };
    const reading: Reading = { startedAtMs: source.startedAtMs, isOver: false, next: opened, done: Promise.resolve() };
    reading.done = readOne(engine, source, from, sender, signal)
      .then((moment) => {
        if (moment !== null) reading.next = { ...opened, after: moment };
        else if (from.after !== undefined) reading.next = from;
      })
      .catch((error: unknown) => void failures.push(error))
      .finally(() => (reading.isOver = true));
    return reading;
  };

  while (!signal.aborted) {
    const sources = logSources(target, (await engine.observe(signal)).containers);
    if (sources.length === 0 && readings.size === 0) {
      throw new LongshoreError('NOT_FOUND', `logs of ${describeTarget(target)}: this host has no such instance`);
    }
    for (const source of sources) {
      const known = readings.get(source.instance);
      if (known !== undefined && !isAnotherRun(known, source)) continue;
      const reading = open(source, known?.next ?? range);
      readings.set(source.instance, reading);
      // Without following, one after the other keeps each instance's lines together.
      if (!follow) await reading.done;
    }
    range = { follow, tail: null, sinceMs: null };
    if (!isOpenEnded) break;
    await clock.sleep(LOOK_MS, signal);
  }
  await Promise.all([...readings.values()].map(({ done }) => done));
  if (failures.length > 0 && !signal.aborted) throw failures[0];
}

/** A reading that goes on has the newest run already. */
function isAnotherRun(known: Reading, { startedAtMs }: ContainerObservation): boolean {
  return known.isOver && startedAtMs !== null && startedAtMs !== known.startedAtMs;
}

async function readOne(
  engine: ContainerEngine,
  source: ContainerObservation,
  range: Range,
  sender: StreamSender,
  signal: AbortSignal,
): Promise<string | null> {
  const from = { service: `${source.service}-${source.replica}`, instance: source.instance };
  return engine.readLogs(source.instance, range, (fd, data) => sender.send(fd, data, from), signal);
}
