// Open-loop load: requests are due at fixed times whether or not earlier ones were answered, and each one's latency
// counts from the time it was due. So a stall of the tested side shows in full, and none of the generator's is hidden.
import { Agent, request } from 'node:http';
import { kindOf, type Kind, type Sample } from './sample.ts';

const timeoutMs = 10_000;
const body = 'a steady load of a few words';

export interface OpenLoop {
  /** Sends no more, and waits for what is under way. */
  stop(): Promise<readonly Sample[]>;
}

export function startOpenLoop(urls: readonly string[], perSecond: number): OpenLoop {
  // No idle limit of our own: a connection is given up by the server or at the end.
  const kept = new Agent({ keepAlive: true });
  const samples: Sample[] = [];
  const underWay = new Set<Promise<void>>();
  const begunMs = performance.now();
  const begunAt = Date.now();
  const everyMs = 1000 / perSecond;
  let next = 0;
  let timer: NodeJS.Timeout | null = null;

  const send = (number: number, dueMs: number): void => {
    const kind = kindOf(number);
    const running = once(urls[number % urls.length] ?? '', kind, kept).then((failure) => {
      const latencyMs = performance.now() - dueMs;
      samples.push({ dueAt: begunAt + (dueMs - begunMs), latencyMs, kind, failure });
      underWay.delete(running);
    });
    underWay.add(running);
  };
  const tick = (): void => {
    for (let dueMs = begunMs + next * everyMs; dueMs <= performance.now(); dueMs = begunMs + next * everyMs) {
      send(next, dueMs);
      next += 1;
    }
    timer = setTimeout(tick, Math.max(0, begunMs + next * everyMs - performance.now()));
  };
  tick();

  return {
    async stop() {
      if (timer !== null) clearTimeout(timer);
      await Promise.all(underWay);
      kept.destroy();
      return samples;
    },
  };
}

/** @returns why it failed; null = answered with 200, to the last byte */
function once(url: string, kind: Kind, kept: Agent): Promise<string | null> {
  const isUpload = kind.endsWith('POST');
  return new Promise((resolve) => {
    const sending = request(
      url,
      {
        method: isUpload ? 'POST' : 'GET',
        timeout: timeoutMs,
        // An upload's length is said, as browsers and clients say it.
        headers: isUpload ? { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) } : {},
        agent: kind.startsWith('kept') ? kept : false,
      },
      (answer) => {
        answer.resume();
        answer.once('error', (error) => resolve(error.message));
        answer.once('end', () => resolve(answer.statusCode === 200 ? null : `status ${answer.statusCode ?? 0}`));
      },
    );
    sending.once('timeout', () => sending.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    sending.once('error', (error) => resolve(error.message));
    sending.end(isUpload ? body : undefined);
  });
}
