// What the demo shows until Ctrl-C: hosts and the newest deployment, painted over itself on a terminal, and only when
// something changed in a pipe.
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../../cli/client/api-client.ts';
import { renderDeployments } from '../../protocol/text/deployments.ts';
import { renderHosts } from '../../protocol/text/hosts.ts';

const intervalMs = 1_000;

export async function liveView(api: ApiClient, footer: string, signal: AbortSignal): Promise<void> {
  const terminal = process.stdout.isTTY;
  let shown = '';
  while (!signal.aborted) {
    const page = await render(api).catch((error: unknown) => `The coordinator does not answer: ${String(error)}`);
    if (page !== shown) {
      // Up over what was painted, and clear to the end of the screen.
      if (terminal && shown !== '')
        process.stdout.write(`\u001b[${`${shown}\n\n${footer}\n`.split('\n').length - 1}A\u001b[0J`);
      process.stdout.write(`${page}\n\n${footer}\n`);
      shown = page;
    }
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

async function render(api: ApiClient): Promise<string> {
  const now = Date.now();
  const hosts = await api.call('listHosts', { query: { limit: 100 } });
  const deployments = await api.call('listDeployments', { query: { limit: 3 } });
  return `${renderHosts(hosts.items, now)}\n\n${renderDeployments(deployments.items, now)}`;
}
