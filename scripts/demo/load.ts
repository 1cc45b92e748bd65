// A steady load on the apps: so many requests a second whether or not earlier ones were answered, over kept
// connections and new ones, reads and uploads. Counts what failed, and remembers how.
import { Agent, request } from 'node:http';

export interface LoadResult {
  readonly sent: number;
  readonly failed: number;
  /** The first few failures. */
  readonly reasons: readonly string[];
  readonly slowestMs: number;
}

export interface Load {
  stop(): Promise<LoadResult>;
}

const timeoutMs = 10_000;

export function startLoad(urls: readonly string[], perSecond: number): Load {
  const kept = new Agent({ keepAlive: true, maxSockets: 16 });
  const reasons: string[] = [];
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  let failed = 0;
  let slowestMs = 0;

  const once = async (number: number): Promise<void> => {
    const startedAt = performance.now();
    try {
      await call(urls[number % urls.length] ?? '', number % 4 === 3, number % 2 === 0 ? kept : undefined);
    } catch (error) {
      failed += 1;
      if (reasons.length < 5) reasons.push(error instanceof Error ? error.message : String(error));
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  };
  const timer = setInterval(() => {
    const running = once(sent).finally(() => underWay.delete(running));
    underWay.add(running);
    sent += 1;
  }, 1000 / perSecond);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      kept.destroy();
      return { sent, failed, reasons, slowestMs };
    },
  };
}

function call(url: string, upload: boolean, agent: Agent | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { method: upload ? 'POST' : 'GET', timeout: timeoutMs, headers: { 'content-type': 'text/plain' } };
    const sending = request(
      url,
      agent === undefined ? { ...options, agent: false } : { ...options, agent },
      (answer) => {
        answer.resume();
        answer.once('error', reject);
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`${options.method} ${url} answered ${answer.statusCode ?? 0}`));
        });
      },
    );
    sending.once('timeout', () => sending.destroy(new Error(`${options.method} ${url}: no answer in ${timeoutMs} ms`)));
    sending.once('error', reject);
    sending.end(upload ? 'a steady load of a few words' : undefined);
  });
}
