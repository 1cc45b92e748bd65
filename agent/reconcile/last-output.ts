/** The last lines that an instance wrote, for the message that says why it failed. */
import type { InstanceId } from '../../fleet/ids.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';

const LINES = 20;
const LIMIT_BYTES = 4_096;

/** @throws what the engine throws: an attempt is not judged by an engine that is just going away */
export async function lastOutput(engine: ContainerEngine, instance: InstanceId, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  await engine.readLogs(
    instance,
    { follow: false, tail: LINES, sinceMs: null },
    async (_fd, data) => {
      chunks.push(Buffer.from(data));
    },
    signal,
  );
  return Buffer.concat(chunks).subarray(-LIMIT_BYTES).toString('utf8').replaceAll('\u0000', '').trimEnd();
}
