// Ships the example app with the command line, as a person would, and checks what came of it.
import { spawn } from 'node:child_process';
import type { DemoFolder, DemoState } from './demo-state.ts';
import { coordinatorUrl, tokenFile } from './setting-up.ts';

export interface CommandLine {
  readonly env: Readonly<Record<string, string>>;
}

export function environmentOf(folder: DemoFolder, state: DemoState, version: string): Record<string, string> {
  return {
    LONGSHORE_URL: coordinatorUrl(state),
    LONGSHORE_TOKEN_FILE: tokenFile(folder),
    WORDCOUNT_IMAGE: `127.0.0.1:${state.registryPort}/wordcount`,
    WORDCOUNT_BASE: 'longshore.local/base/node:20',
    WORDCOUNT_VERSION: version,
  };
}

/** Its output is the person's; resolves with the exit code. */
export function longshore(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['dist/longshore.mjs', ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Asks every host's ingress; returns what is wrong, in sentences. */
export async function checkApps(urls: readonly string[], version: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const url of urls) {
    try {
      const answer = await fetch(`${url}/count`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'three words here',
        signal: AbortSignal.timeout(10_000),
      });
      if (answer.status !== 200) {
        wrong.push(`${url}/count answers ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
        continue;
      }
      const counts = (await answer.json()) as { readonly words?: unknown; readonly version?: unknown };
      if (counts.words !== 3) wrong.push(`${url}/count counted ${String(counts.words)} words in a text of 3`);
      if (counts.version !== version) wrong.push(`${url}/count is version ${String(counts.version)}, not ${version}`);
    } catch (error) {
      wrong.push(`${url}/count does not answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return wrong;
}
