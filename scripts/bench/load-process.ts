// The load in a process of its own, seen from the bench: started before the first measured moment, stopped after the
// last.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { SocketResult } from './load/held-socket.ts';
import type { Sample } from './load/sample.ts';

export interface LoadResult {
  readonly samples: readonly Sample[];
  readonly socket: SocketResult;
}

export interface LoadProcess {
  /** Stops it and collects; rejects where it failed. */
  stop(): Promise<LoadResult>;
  /** Ends it, whatever it does. */
  kill(): void;
}

export async function startLoadProcess(urls: readonly string[], perSecond: number): Promise<LoadProcess> {
  const child = spawn(process.execPath, ['--import=tsx', 'scripts/bench/load/main.ts', String(perSecond), ...urls], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  const closed = once(child, 'close') as Promise<[number | null]>;
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: string) => {
      output += text;
      if (output.startsWith('started\n')) resolve();
    });
  });
  await Promise.race([
    started,
    closed.then(([code]) => {
      throw new Error(`the load could not start (exit code ${code ?? 'none'})`);
    }),
  ]);
  return {
    async stop() {
      child.stdin.end();
      const [code] = await closed;
      if (code !== 0) throw new Error(`the load ended with ${code ?? 'a signal'}`);
      return JSON.parse(output.slice('started\n'.length)) as LoadResult;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
